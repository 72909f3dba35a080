// All keys that the server knows, and how they come and go. Belongs to one thread.

/// The table of keys.
public final class KeyBook {
    /// In the order in which they came.
    public private(set) var keys: [APIKey] = []
    private var byID: [KeyID: APIKey] = [:]
    /// Names, each at its number less one.
    private var owners: [String] = []
    /// Of keys that are gone, oldest first, at most as many as there may be keys: what they had used up and how they had ended. A line
    /// that comes again does not begin anew.
    private var departed: [APIKey] = []

    /// Whether keys are looked at. From then on credentials that are no key's are refused, even when the last key is gone.
    public private(set) var isInUse: Bool

    /// A table.
    ///
    /// - Parameters:
    ///   - lines: keys of the file and the environment.
    ///   - ownerName: the name of the environment's own key, if there is one.
    ///   - isInUse: keys may come later.
    public init(_ lines: [KeyLine] = [], ownerName: String? = nil, isInUse: Bool = false) {
        self.isInUse = isInUse || ownerName != nil || !lines.isEmpty
        if let ownerName {
            // It has no hash here, so its line makes nothing but this.
            let line = KeyLine(
                name: ownerName, id: .environment, hash: .init(repeating: 0), scopes: .standard, caps: KeyCaps(),
                expires: nil)
            add(APIKey(line, origin: .environment, owner: number(of: ownerName)))
        }
        for line in lines { add(line) }
    }

    /// The key with an id, valid or not.
    public func find(_ id: KeyID) -> APIKey? { byID[id] }

    /// The newest key of a name that is valid, or nil.
    public func newest(named name: String, now: Int64) -> APIKey? {
        keys.last { $0.name == name && $0.refusal(now: now) == nil }
    }

    /// The name that a number stands for.
    public func name(ofOwner owner: UInt16) -> String? {
        owner > 0 && Int(owner) <= owners.count ? owners[Int(owner) - 1] : nil
    }

    /// The number that a name has or had, or nil.
    public func owner(named name: String) -> UInt16? {
        owners.firstIndex(of: name).map { UInt16($0 + 1) }
    }

    /// Whether some key that is valid has a scope.
    public func hasKey(with scope: KeyScopes, now: Int64) -> Bool {
        for key in keys where key.scopes.isSuperset(of: scope) && key.refusal(now: now) == nil { return true }
        return false
    }

    /// The number of a name, which is a new one if there is none; 0 where there are too many.
    private func number(of name: String) -> UInt16 {
        if let index = owners.firstIndex(of: name) { return UInt16(index + 1) }
        guard owners.count < Int(Int16.max) else { return 0 }
        owners.append(name)
        return UInt16(owners.count)
    }

    private func add(_ line: KeyLine) {
        let owner = number(of: line.name)
        guard let index = departed.firstIndex(where: { $0.id == line.id && $0.line?.hasHash(of: line) == true }) else {
            return add(APIKey(line, origin: .file, owner: owner))
        }
        let old = departed.remove(at: index)
        let key = APIKey(line, origin: .file, owner: owner, budget: old.budget)
        key.takeEnd(of: old)
        add(key)
    }

    private func add(_ key: APIKey) {
        keys.append(key)
        byID[key.id] = key
    }

    /// Removes keys and returns how many.
    @discardableResult
    private func remove(where isLeaving: (APIKey) -> Bool) -> Int {
        let before = keys.count
        for key in keys where isLeaving(key) {
            byID[key.id] = nil
            key.depart()
            departed.append(key)
        }
        keys.removeAll { byID[$0.id] == nil }
        departed.removeFirst(max(0, departed.count - KeyFile.maximumKeys))
        return before - keys.count
    }

    // MARK: Changes

    /// Takes the lines of a file that was read anew in place of those of the last time.
    ///
    /// A line with an id and a hash that were there keeps what was used up, what was revoked, and the end that rotating set, whatever
    /// name it has now. A key whose line is gone is gone, and is the same if its line comes again. A key that was made meanwhile has the
    /// name, the scopes, the limits and the end of the line that it comes from, and is gone with it, unless the file has a line of its own
    /// for it.
    ///
    /// - Returns: how many keys the file has, and how many are gone.
    public func replaceLines(_ lines: [KeyLine]) -> (count: Int, removed: Int) {
        isInUse = isInUse || !lines.isEmpty
        var left: Set<KeyID> = []
        var removed = 0
        for line in lines {
            left.insert(line.id)
            if let key = byID[line.id], key.line?.hasHash(of: line) == true {
                key.origin = .file
                if key.name != line.name { (key.name, key.owner) = (line.name, number(of: line.name)) }
                key.scopes = line.scopes
                key.caps = line.caps
                key.lineExpires = line.expires
            } else {
                if byID[line.id] != nil { orphan(line.id) }
                removed += remove { $0.id == line.id }
                add(line)
            }
        }
        if byID[.environment] != nil { left.insert(.environment) }
        for key in keys where key.origin == .memory { follow(key, left) }
        removed += remove { key in
            switch key.origin {
            case .environment: false
            case .file: !left.contains(key.id)
            case .memory: !(key.source.map { left.contains($0) } ?? false)
            }
        }
        return (lines.count, removed)
    }

    /// A key is gone though the file has its id, for it is another key's now: what was made from it meanwhile comes from no line.
    private func orphan(_ id: KeyID) {
        for key in keys where key.origin == .memory {
            if key.source == id { key.source = nil }
            if key.parent == id { key.parent = nil }
        }
    }

    /// Settles from which of the lines that are left a key comes that was made meanwhile, and does as that says. Keys are in the order
    /// in which they came, so that which it was made from is settled.
    private func follow(_ key: APIKey, _ left: Set<KeyID>) {
        guard let parent = key.parent else { return }
        if left.contains(parent) {
            key.source = parent
        } else if let old = byID[parent], old.origin == .memory {
            key.source = old.source
        }
        guard let line = key.source.flatMap({ byID[$0] }), line.origin != .memory else { return }
        // By its old name nobody would find it any more who revokes the line's keys.
        (key.name, key.owner) = (line.name, line.owner)
        key.scopes = line.scopes
        key.caps = line.caps
        key.lineExpires = line.lineExpires
    }

    /// Makes a key that does what another one does, which stays valid for some seconds more.
    ///
    /// - Parameters:
    ///   - id: of the new key, which nothing has so far.
    ///   - hash: SHA-256 of the new key.
    public func rotate(
        _ key: APIKey, id: KeyID, hash: [32 of UInt8], grace: Int, now: Int64
    ) throws(KeyRefusal) -> APIKey {
        guard byID[id] == nil else { throw .tooMany }
        if keys.count >= KeyFile.maximumKeys {
            remove { $0.origin == .memory && ($0.isRevoked || $0.expires.map { $0 <= now } ?? false) }
        }
        guard keys.count < KeyFile.maximumKeys else { throw .tooMany }
        let line = KeyLine(
            name: key.name, id: id, hash: hash, scopes: key.scopes, caps: key.caps, expires: key.lineExpires)
        let new = APIKey(line, origin: .memory, owner: key.owner, budget: key.budget, rotatedFrom: key)
        key.retire(at: now + Int64(grace))
        add(new)
        return new
    }

    /// Ends a key at once.
    public func revoke(_ key: APIKey) {
        key.isRevoked = true
    }
}
