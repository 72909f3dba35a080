// What a content is, so that it is shown to those who can do something with it.

/// What kind of bytes were sealed. The kind is bound to the ciphertext, like all facts about a record.
public enum ContentKind: UInt8, Sendable {
    /// UTF-8 text, for everybody.
    case text = 0
    /// Texts and files in one, as a payload.
    case bundle = 1
    /// A payload that a browser or a command line sealed before it came here: nothing on this side opens it.
    case envelope = 2
    /// A text and files as they came in a form, one after the other: see ``ContentSealer/beginFiles(suite:)``.
    case files = 3
}
