// What every page needs to know about the request that it answers. No secrets.

/// Facts about a request that its page shows or depends on. Holds no content, token or passphrase.
///
/// A class, because the words of a language are too many to be moved about on the stack, which has to be scrubbed as deep as
/// it was used.
public final class PageContext: Sendable {
    /// The name that a server has if its owner gave it none.
    public static let defaultBrand = "Onetime Secret Lite"

    /// The language of the page.
    public let words: Words
    /// The name of the product, shown in the header and title. Escaped when written.
    public let brand: String
    /// The value of the hidden field `form_token`, by which the server knows a form as its own. Escaped when written.
    public let formToken: String
    /// Whether nobody between browser and server can read along: TLS, or a loopback address. If not, the form and the
    /// recipient's page say so.
    public let isSecure: Bool

    /// The facts about one request.
    public init(
        words: Words = .english, brand: String = PageContext.defaultBrand, formToken: String, isSecure: Bool
    ) {
        self.words = words
        self.brand = brand
        self.formToken = formToken
        self.isSecure = isSecure
    }
}
