// Content as it comes in: text or what a script sealed, and the files of a form. All of it is sealed at once.
internal import HTTPWire
internal import Rules
internal import Sealing
internal import SecureMemory

extension Draft {
    /// What of a content with files is coming in.
    enum Item {
        /// Nothing, or the text that comes before all files.
        case none
        /// A file without a name. It is one when bytes come: a browser sends such a part where no file was chosen.
        case nameless
        /// A file whose name is sealed and whose type may yet come.
        case named
        /// The bytes of a file, or of a text that came after one.
        case open
    }

    /// How many files a form may have.
    static let fileLimit = 1000
    /// The longest name of a file that is kept, in bytes.
    private static let fileNameLimit = 1024
    /// The longest type of a file that is kept, in bytes.
    private static let fileTypeLimit = 255

    /// Makes tokens and a share, and a sealer for content under them.
    func beginSealing(expectedCount: Int) throws(SealingError) {
        let arena = context.arena
        guard var token = arena.allocate(Token.size), var receiptToken = arena.allocate(Token.size),
            var share = arena.allocate(ShareTable.shareSize)
        else { throw .arenaFull }
        try Token.generate(secret: &token, receipt: &receiptToken, share: &share, suite: context.suite)
        sealer = try ContentSealer(
            token: token.span, share: share.span, expectedCount: expectedCount, suite: context.suite, arena: arena)
        self.token = consume token
        self.receiptToken = consume receiptToken
        self.share = consume share
    }

    /// Seals a value that the server made up, in place of what came.
    func sealGenerated(_ value: Span<UInt8>) throws(SealingError) {
        kind = .text
        contentCount = value.count
        hold(value.count)
        try sealer?.append(value, suite: context.suite)
    }

    /// Sets how many bytes count as held.
    func hold(_ count: Int) {
        context.uploadBytes += count - heldCount
        heldCount = count
    }

    /// Notes what a script says that the content is. Files say it themselves.
    func name(_ kind: ContentKind) {
        if self.kind != .files { return self.kind = kind }
        if kind != .text { fail(.malformedBody(.refusedBySink)) }
    }

    /// Begins the content that is in one field.
    func beginContent() {
        contentText = UTF8Validator()
        if sealer == nil { seal { () throws(SealingError) in try beginSealing(expectedCount: expectedContent) } }
    }

    /// Does what may fail for want of memory.
    private func seal(_ work: () throws(SealingError) -> Void) {
        do throws(SealingError) {
            try work()
        } catch {
            fail(Refusal(error))
        }
    }

    /// Counts the next bytes of content and judges whether there may be as many.
    private func count(_ added: Int) -> Bool {
        contentCount += added
        hold(heldCount + added)
        let maximum = context.settings.maximumContent
        let isTooLarge =
            heldCount > ServiceSettings.limit(of: kind, maximumContent: maximum)
            || kind == .files && contentCount > maximum
        if let rights, exceedsCap(rights) {
            fail(.key(.content(limit: rights.contentLimit)))
        } else if isTooLarge {
            fail(.contentTooLarge)
        } else if context.uploadBytes > context.freeBytes {
            fail(.vaultFull)
        }
        return refusal == nil
    }

    // MARK: Text

    /// Seals the next bytes of the field that is the content, or the text beside files.
    func appendContent(_ piece: Span<UInt8>) {
        guard count(piece.count) else { return }
        guard !kind.isText || contentText.accept(piece) else { return fail(.contentIsNotText) }
        guard kind == .files else {
            return seal { () throws(SealingError) in try sealer?.append(piece, suite: context.suite) }
        }
        // A text without a byte is no item, so it begins here.
        if item == .none { beginItem(isFile: false, Span()) }
        appendToItem(piece)
    }

    /// Seals what a form sends: browsers write every line end of a text area as CR LF (HTML Standard, section 4.10.21.4), and
    /// a key that was pasted with LF has to come out with LF.
    func appendWithoutReturns(_ piece: Span<UInt8>) {
        var start = 0
        for index in piece.indices {
            if endsInReturn {
                endsInReturn = false
                if piece[index] != UInt8(ascii: "\n") { appendContent(Self.carriageReturn.span) }
            }
            guard piece[index] == UInt8(ascii: "\r") else { continue }
            if index > start { appendContent(piece.extracting(start..<index)) }
            endsInReturn = true
            start = index + 1
        }
        if start < piece.count { appendContent(piece.extracting(droppingFirst: start)) }
    }

    /// Seals a CR that no LF followed.
    func flushReturn() {
        guard endsInReturn else { return }
        endsInReturn = false
        appendContent(Self.carriageReturn.span)
    }

    private static let carriageReturn: [1 of UInt8] = [0x0d]

    // MARK: Files

    /// Whether files may come beside the text.
    var takesFiles: Bool {
        switch route {
        case .homePage, .conceal: true
        default: false
        }
    }

    /// A part comes that is a file.
    func beginFile() {
        item = .nameless
    }

    /// Its name comes: some browsers send a whole path, of which only the end is of use. One that is no text is left out.
    func nameFile(_ path: Span<UInt8>) {
        guard refusal == nil, item == .nameless else { return }
        var start = path.count
        while start > 0, path[start - 1] != UInt8(ascii: "/"), path[start - 1] != UInt8(ascii: "\\") { start -= 1 }
        var name = path.extracting(droppingFirst: start)
        if name.count > Self.fileNameLimit {
            var end = Self.fileNameLimit
            while end > 0, name[end] & 0xc0 == 0x80 { end -= 1 }
            name = name.extracting(first: end)
        }
        var validator = UTF8Validator()
        let isText = validator.accept(name) && validator.isComplete
        beginItem(isFile: true, isText ? name : Span())
        item = .named
    }

    /// Its type comes, or not. One that is not printable ASCII, or too long, is left out.
    func typeFile(_ type: Span<UInt8>) {
        guard refusal == nil, item == .named else { return }
        var isPrintable = type.count <= Self.fileTypeLimit
        for index in type.indices where type[index] < 0x20 || type[index] > 0x7e { isPrintable = false }
        endItemHead(isPrintable ? type : Span())
    }

    /// Its next bytes come.
    func appendToFile(_ piece: Span<UInt8>) {
        if item == .nameless { beginItem(isFile: true, Span()) }
        if item == .named { endItemHead(Span()) }
        guard count(piece.count) else { return }
        appendToItem(piece)
    }

    /// It is whole.
    func endFile() {
        if item == .named { endItemHead(Span()) }
        endItem()
    }

    private func beginItem(isFile: Bool, _ name: Span<UInt8>) {
        if kind != .files {
            guard kind == .text else { return fail(.malformedBody(.refusedBySink)) }
            kind = .files
            if sealer == nil { beginContent() }
            seal { () throws(SealingError) in try sealer?.beginFiles(suite: context.suite) }
        }
        if isFile { fileCount += 1 }
        namesCount += name.count
        guard fileCount <= Self.fileLimit else { return fail(.malformedBody(.tooManyFields)) }
        seal { () throws(SealingError) in
            try sealer?.beginItem(isFile: isFile, name: name, suite: context.suite)
        }
        item = .named
        if !isFile { endItemHead(Span()) }
    }

    private func endItemHead(_ type: Span<UInt8>) {
        namesCount += type.count
        seal { () throws(SealingError) in try sealer?.endItemHead(type: type, suite: context.suite) }
        item = .open
        countFraming()
    }

    private func appendToItem(_ piece: Span<UInt8>) {
        seal { () throws(SealingError) in try sealer?.appendToItem(piece, suite: context.suite) }
        countFraming()
    }

    /// Ends a file, or a text that came after one.
    func endItem() {
        guard item == .open else { return item = .none }
        item = .none
        seal { () throws(SealingError) in try sealer?.endItem(suite: context.suite) }
        countFraming()
    }

    /// What stands between files takes room, too.
    private func countFraming() {
        guard refusal == nil else { return }
        hold(sealer?.contentCount ?? 0)
        _ = count(0)
    }
}

extension ContentKind {
    /// Whether what comes in the field for the content has to be text.
    var isText: Bool { self == .text || self == .files }
}
