// What every page needs to know about the request that it answers. No secrets.

/// Facts about a request that its page shows or depends on. Holds no content, token or passphrase.
public struct PageContext: Sendable {
    /// The name that a server has if its owner gave it none.
    public static let defaultBrand = "Onetime Secret Lite"

    /// The language of the page.
    public var words: Words
    /// The name of the product, shown in the header and title. Escaped when written.
    public var brand: String
    /// The value of the hidden field `form_token`, by which the server knows a form as its own. Escaped when written.
    public var formToken: String
    /// Whether nobody between browser and server can read along: TLS, or a loopback address. If not, the form and the
    /// recipient's page say so.
    public var isSecure: Bool

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
