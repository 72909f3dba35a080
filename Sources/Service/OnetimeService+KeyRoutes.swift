// Keys on the running server, by an administrator: list, rotate, revoke; and creation links.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Rules
internal import Sealing
internal import SecureMemory

/// Seconds that keys and creation links live, where a request says so.
private enum KeyTimes {
    /// How long a key goes on beside the one that it is rotated to, unless the request says otherwise.
    static let grace = 300
    /// How long it may.
    static let longestGrace = 30 * 86400
    /// How long a creation link lives, unless the request says otherwise.
    static let link = 86400
    /// How long it may.
    static let linkRange = 1...(30 * 86400)
}

extension OnetimeService {
    /// `POST /api/keys/rotate`, `/api/keys/revoke` and `/api/links`.
    func changeKeys(
        _ draft: Draft, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment
    ) {
        do throws(Refusal) {
            // A browser shows its key to any page that makes it send a form here.
            guard context.isSameOrigin(request, hasFormToken: false) else { throw .foreignOrigin }
            if let refusal = refusal(of: draft.caller, requiring: draft.route.scope) ?? draft.refusal { throw refusal }
            guard let rights = draft.rights, let caller = rights.caller.key else { throw .key(.required) }
            switch draft.route {
            case .rotateKey: try rotate(caller, rights, draft, request, &response, now)
            case .revokeKey: try revoke(caller, rights, draft, request, &response, now)
            default: try makeLink(caller, rights, draft, request, &response, now)
            }
        } catch {
            refuse(error, draft.route, request, &response, draft)
        }
    }

    private func rotate(
        _ caller: APIKey, _ rights: Rights, _ draft: Draft, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) throws(Refusal) {
        let grace = rights.grace ?? KeyTimes.grace
        guard grace <= KeyTimes.longestGrace else { throw .key(.malformedField) }
        let old: APIKey
        if let id = rights.keyID {
            guard let key = context.keys.find(id), key.refusal(now: now.wallSeconds) == nil else {
                throw .key(.noSuchKey)
            }
            old = key
        } else if let name = rights.keyName {
            guard let key = context.keys.newest(named: name, now: now.wallSeconds) else { throw .key(.noSuchKey) }
            old = key
        } else {
            old = caller
        }
        guard var text = context.arena.allocate(KeyText.size) else { throw .noMemory }
        let hash: [32 of UInt8]
        do throws(SealingError) {
            try KeyText.generate(into: &text, suite: context.suite)
            hash = try context.suite.keyHash(of: text.span)
        } catch {
            throw Refusal(error)
        }
        guard let id = KeyID(KeyText.id(of: text.span)) else { throw .internalError }
        let new: APIKey
        do throws(KeyRefusal) {
            new = try context.keys.rotate(old, id: id, hash: hash, grace: grace, now: now.wallSeconds)
        } catch {
            throw .key(error)
        }
        used(draft.caller, request)
        note(.rotated(old, to: new, by: caller), request)
        beginJSON(.ok, &response)
        response.append("{\"key\":\"")
        response.append(text.span)
        response.append("\",\"line\":\"")
        response.append(json: new.line?.text ?? "")
        response.append("\",\"new\":")
        write(new, &response)
        response.append(",\"old\":")
        write(old, &response)
        response.append("}")
    }

    private func revoke(
        _ caller: APIKey, _ rights: Rights, _ draft: Draft, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) throws(Refusal) {
        guard rights.keyID != nil || rights.keyName != nil else { throw .key(.malformedField) }
        let ended = context.keys.keys.filter { key in
            !key.isRevoked && (rights.keyID.map { $0 == key.id } ?? true)
                && (rights.keyName.map { $0 == key.name } ?? true)
        }
        guard !ended.isEmpty else { throw .key(.noSuchKey) }
        used(draft.caller, request)
        for key in ended {
            context.keys.revoke(key)
            note(.revoked(key, by: caller), request)
        }
        beginJSON(.ok, &response)
        response.append("{\"count\":")
        response.append(decimal: ended.count)
        response.append(",\"revoked\":")
        _ = write(ended[...], &response)
        response.append("}")
    }

    private func makeLink(
        _ caller: APIKey, _ rights: Rights, _ draft: Draft, _ request: borrowing Request,
        _ response: inout ResponseWriter, _ now: Moment
    ) throws(Refusal) {
        if let refusal = caller.refusalToInvite { throw .key(refusal) }
        let asked = draft.timeToLive ?? KeyTimes.link
        guard KeyTimes.linkRange.contains(asked), rights.linkTimeToLive != 0, rights.linkContent != 0 else {
            throw .key(.malformedField)
        }
        // It ends with its maker's key.
        let timeToLive = min(asked, caller.expires.map { Int($0 - now.wallSeconds) } ?? asked)
        if let refusal = creationRefusal(of: caller, request, now) { throw refusal }
        guard var token = context.arena.allocate(Token.size) else { throw .noMemory }
        do throws(SealingError) {
            try Token.generate(into: &token, suite: context.suite)
        } catch {
            throw Refusal(error)
        }
        guard let id = context.creationLinkID(token.span) else { throw .internalError }
        let link = CreationLink(
            maker: caller, deadline: now.milliseconds + UInt64(timeToLive) * 1000,
            maximumTimeToLive: rights.linkTimeToLive, maximumContent: rights.linkContent)
        do throws(KeyRefusal) {
            try context.links.insert(link, id: id, now: now)
        } catch {
            throw .key(error)
        }
        // Whoever gets the link creates in the key's place.
        caller.use(isCreation: true)
        countRate(.creation, request, now, key: caller)
        note(.linkMade(caller), request)
        beginJSON(.ok, &response)
        response.append("{\"link\":\"")
        context.appendBaseURL(request, to: &response)
        response.append("/new/")
        response.append(token.span)
        response.append("\",\"expires\":")
        response.append(decimal: Int(now.wallSeconds) + timeToLive)
        response.append("}")
    }

    /// `GET /api/keys`: what there is to know of keys, none of which opens anything. With `after`, those behind the one with that id.
    func listKeys(_ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment) {
        let caller = judge(request, now)
        if let refusal = refusal(of: caller, requiring: .admin) {
            return refuse(refusal, .listKeys, request, &response)
        }
        var keys = context.keys.keys[...]
        do throws(Refusal) {
            try checkQuery(request, for: ["after="])
            if let text = field("after=", in: request), !text.isEmpty {
                // Ids and not places: keys that go meanwhile would make others be passed over.
                guard let id = KeyID(text), let index = keys.firstIndex(where: { $0.id == id }) else {
                    throw .key(.noSuchKey)
                }
                keys = keys[(index + 1)...]
            }
        } catch {
            return refuse(error, .listKeys, request, &response)
        }
        looked(caller, request)
        beginJSON(.ok, &response)
        response.append("{\"failed\":")
        response.append(decimal: context.failedKeys)
        response.append(",\"links\":")
        response.append(decimal: context.links.count)
        response.append(",\"count\":")
        response.append(decimal: context.keys.keys.count)
        response.append(",\"keys\":")
        let written = write(keys, &response)
        response.append(",\"next\":")
        if written < keys.endIndex, written > 0 {
            response.append("\"")
            response.append(json: keys[written - 1].id.text)
            response.append("\"}")
        } else {
            response.append("null}")
        }
    }

    /// Keys as far as one answer has room; returns the place of the first one that it had none for.
    private func write(_ keys: ArraySlice<APIKey>, _ response: inout ResponseWriter) -> Int {
        response.append("[")
        var place = keys.startIndex
        while place < keys.endIndex, response.freeBodyCapacity > 4096 {
            if place > keys.startIndex { response.append(",") }
            write(keys[place], &response)
            place += 1
        }
        response.append("]")
        return place
    }

    private func write(_ key: APIKey, _ response: inout ResponseWriter) {
        response.append("{\"name\":\"")
        response.append(json: key.name)
        response.append("\",\"id\":\"")
        response.append(json: key.id.text)
        response.append("\",\"origin\":\"")
        switch key.origin {
        case .environment: response.append("environment")
        case .file: response.append("file")
        case .memory: response.append("memory")
        }
        response.append(key.isRevoked ? "\",\"revoked\":true,\"scopes\":[" : "\",\"revoked\":false,\"scopes\":[")
        for (index, name) in key.scopes.names.enumerated() {
            response.append(index == 0 ? "\"" : ",\"")
            response.append(json: name)
            response.append("\"")
        }
        response.append("],\"used\":")
        response.append(decimal: key.budget.uses)
        response.append(",\"created\":")
        response.append(decimal: key.budget.creations)
        write(",\"expires\":", key.expires.map { Int($0) }, &response)
        write(",\"max_ttl\":", key.caps.maximumTimeToLive, &response)
        write(",\"max_size\":", key.caps.maximumContent, &response)
        write(",\"max_count\":", key.caps.creations, &response)
        write(",\"uses\":", key.caps.uses, &response)
        response.append(",\"networks\":\"")
        response.append(json: key.caps.networks.map(\.description).joined(separator: ","))
        response.append("\"")
        response.append("}")
    }

    private func write(_ name: StaticString, _ value: Int?, _ response: inout ResponseWriter) {
        response.append(name)
        if let value { response.append(decimal: value) } else { response.append("null") }
    }
}
