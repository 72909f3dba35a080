// What every page needs to know about the request that it answers. No secrets.

/// Facts about a request that its page shows or depends on. Holds no content, token or passphrase.
///
/// A class, because the words of a language are too many to be moved about on the stack, which has to be scrubbed as deep as
/// it was used.
public final class PageContext: Sendable {
    /// The language of the page.
    public let words: Words
    /// Whose page it is.
    public let brand: Brand
    /// The value of the hidden field `form_token`, by which the server knows a form as its own. Escaped when written.
    public let formToken: String
    /// Whether nobody between browser and server can read along: TLS, or a loopback address. If not, the form and the
    /// recipient's page say so.
    public let isSecure: Bool
    /// What addresses end with, so that a language chosen by the address stays: `?locale=` and the tag, or nothing.
    public let query: String
    /// Whether other languages are offered: where the page is not the answer to a form, which could not be asked for again.
    let offersLanguages: Bool

    /// The facts about one request.
    ///
    /// - Parameters:
    ///   - isLanguageChosen: whether the address named the language.
    ///   - offersLanguages: whether the foot of the page offers the other languages.
    public init(
        words: Words = .english, brand: Brand = .standard, formToken: String, isSecure: Bool,
        isLanguageChosen: Bool = false, offersLanguages: Bool = false
    ) {
        self.words = words
        self.brand = brand
        self.formToken = formToken
        self.isSecure = isSecure
        query = isLanguageChosen ? "?locale=" + words.tag : ""
        self.offersLanguages = offersLanguages
    }
}
