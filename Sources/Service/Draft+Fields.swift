// Which fields a route knows.
internal import HTTPServer
internal import Rules

extension Draft {
    /// Whether the route knows the field. The API's clients may send what they like under other names.
    func isKnown(_ field: Field) -> Bool {
        switch (field, route) {
        case (.kind, .conceal), (.claim, .claim), (.claim, .commit): true
        case (.kind, _), (.claim, _): false
        case (.file, _): takesFiles && source == .body
        case (.link, _): takesLink
        case (.keyName, .rotateKey), (.keyID, .rotateKey), (.grace, .rotateKey): true
        case (.keyName, .revokeKey), (.keyID, .revokeKey): true
        case (.maximumTimeToLive, .makeLink), (.maximumContent, .makeLink): true
        case (.keyName, _), (.keyID, _), (.grace, _), (.maximumTimeToLive, _), (.maximumContent, _): false
        case (.hours, _), (.notBefore, _), (.allowNetworks, _), (.denyNetworks, _), (.allowCountries, _),
            (.denyCountries, _):
            takesContent || isGenerating
        case (.label, .burnMany), (.label, .operatorPage): true
        case (.mode, .lockDown), (.stopCreation, .operatorPage), (.stopReveal, .operatorPage),
            (.shown, .operatorPage):
            true
        case (.everything, _), (.burnKey, _), (.from, _), (.until, _), (.receipts, _), (.confirm, _):
            route.burnsMany
        case (.mode, _), (.stopCreation, _), (.stopReveal, _), (.shown, _): false
        case (.readers, _), (.tries, _), (.note, _), (.label, _): takesWords
        default: true
        }
    }

    /// Whether there may be words beside the secret.
    var takesWords: Bool {
        switch route {
        case .homePage, .conceal, .create, .generate: true
        default: false
        }
    }

    /// Whether the form may have been opened by a creation link.
    var takesLink: Bool {
        rights != nil && takesWords && !route.isInAPI && (context.links.isInUse || context.settings.requiresKey)
    }

    /// Whether a creation link is refused. One that was passed over would leave the secret without its limits, and the link unused.
    var refusesLink: Bool { takesWords && route.isInAPI }
}
