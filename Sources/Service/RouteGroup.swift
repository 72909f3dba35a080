// Routes as figures and the log name them: few, and without anything that a client chose.

/// What a request is counted as. The raw value is its label in a ``BodyPlan``.
enum RouteGroup: UInt8, CaseIterable {
    /// Was not understood, so it has no route.
    case invalid
    /// A path that there is not.
    case unknown
    case health
    case metrics
    case home
    case conceal
    case secret
    case claim
    case commit
    case destroy
    case receipt
    case receiptEvents
    case receiptBurn
    case asset
    case brand
    case apiStatus
    case apiAuthcheck
    case apiShare
    case apiGenerate
    case apiSecret
    case apiReceipt
    case apiBurn
    case apiRecent
    case apiKeys
    case apiKeyRotate
    case apiKeyRevoke
    case apiLinks
    case creationLink
    case apiAudit
    case apiCertificate
    case apiBurnMany
    case apiLockdown
    case apiState
    case apiReport
    case operatorPage

    /// The path with names for what differs; one name stands for all that mean the same. Nil where there is no such path.
    var template: StaticString? {
        switch self {
        case .invalid, .unknown: nil
        case .health: "/health"
        case .metrics: "/metrics"
        case .home: "/"
        case .conceal: "/secret"
        case .secret: "/secret/{key}"
        case .claim: "/secret/{key}/claim"
        case .commit: "/secret/{key}/commit"
        case .destroy: "/secret/{key}/burn"
        case .receipt: "/receipt/{key}"
        case .receiptEvents: "/receipt/{key}/events"
        case .receiptBurn: "/receipt/{key}/burn"
        case .asset: "/assets/{file}"
        case .brand: "/brand/{file}"
        case .apiStatus: "/api/{version}/status"
        case .apiAuthcheck: "/api/v1/authcheck"
        case .apiShare: "/api/v1/share"
        case .apiGenerate: "/api/v1/generate"
        case .apiSecret: "/api/v1/secret/{key}"
        case .apiReceipt: "/api/v1/private/{key}"
        case .apiBurn: "/api/v1/private/{key}/burn"
        case .apiRecent: "/api/v1/private/recent"
        case .apiKeys: "/api/keys"
        case .apiKeyRotate: "/api/keys/rotate"
        case .apiKeyRevoke: "/api/keys/revoke"
        case .apiLinks: "/api/links"
        case .creationLink: "/new/{link}"
        case .apiAudit: "/api/audit"
        case .apiCertificate: "/api/certificate"
        case .apiBurnMany: "/api/burn"
        case .apiLockdown: "/api/lockdown"
        case .apiState: "/api/state"
        case .apiReport: "/api/report"
        case .operatorPage: "/operator"
        }
    }

    /// What the label `route` says.
    var name: StaticString { template ?? (self == .invalid ? "invalid" : "unknown") }

    /// Whether nobody did anything: such requests come all the time.
    var isRoutine: Bool {
        switch self {
        case .health, .metrics, .asset, .brand: true
        default: false
        }
    }
}

extension Route {
    /// What requests for it are counted as.
    var group: RouteGroup {
        switch self {
        case .health: .health
        case .metrics: .metrics
        case .status: .apiStatus
        case .authcheck: .apiAuthcheck
        case .create: .apiShare
        case .generate: .apiGenerate
        case .reveal: .apiSecret
        case .receipt: .apiReceipt
        case .burn: .apiBurn
        case .recent: .apiRecent
        case .listKeys: .apiKeys
        case .rotateKey: .apiKeyRotate
        case .revokeKey: .apiKeyRevoke
        case .makeLink: .apiLinks
        case .linkPage: .creationLink
        case .audit: .apiAudit
        case .certificate: .apiCertificate
        case .burnMany: .apiBurnMany
        case .lockDown: .apiLockdown
        case .state: .apiState
        case .report: .apiReport
        case .operatorPage: .operatorPage
        case .homePage: .home
        case .conceal: .conceal
        case .claim: .claim
        case .commit: .commit
        case .secretPage: .secret
        case .destroyPage: .destroy
        case .receiptPage: .receipt
        case .receiptEvents: .receiptEvents
        case .burnPage: .receiptBurn
        case .asset: .asset
        case .brandPart: .brand
        case .unknownInAPI, .unknown: .unknown
        }
    }
}
