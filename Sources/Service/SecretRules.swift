// What a sender asks of whoever is to read his secret: when, and from where.
internal import HTTPWire
internal import Kernel
internal import Pages
internal import Rules
internal import Vault

/// The rules of one secret, in the words that the vault keeps with it, and asked as they lie there.
///
/// The first word says what follows: in its bytes from the lowest on how many windows, networks allowed and denied, countries allowed
/// and denied there are, and whether there is a moment before which it may not be read. Then come that moment, a word for each
/// window, three for each network, and one for up to four countries.
struct SecretRules: ~Escapable {
    private let words: Span<UInt64>

    /// How many networks each list may have.
    static let maximumNetworks = 16
    /// How many countries each list may have.
    static let maximumCountries = 64
    /// The longest text of a rule, in bytes.
    static let maximumText = TimeWindows.maximumText

    private enum Count: UInt64 {
        case windows = 0
        case allowedNetworks = 8
        case deniedNetworks = 16
        case allowedCountries = 24
        case deniedCountries = 32
        case moments = 40
    }

    /// Rules in words; none where there are none.
    static func words(hours: TimeWindows?, notBefore: Int64?, places: PlaceRule) -> [UInt64] {
        if hours == nil && notBefore == nil && places.isEmpty { return [] }
        let (networks, countries) = (places.networks, places.countries)
        let codes = countries.allowed + countries.denied
        let windowCount = hours?.count ?? 0
        var first = UInt64(windowCount) << Count.windows.rawValue
        first |= UInt64(networks.allowed.count) << Count.allowedNetworks.rawValue
        first |= UInt64(networks.denied.count) << Count.deniedNetworks.rawValue
        first |= UInt64(countries.allowed.count) << Count.allowedCountries.rawValue
        first |= UInt64(countries.denied.count) << Count.deniedCountries.rawValue
        if notBefore != nil { first |= 1 << Count.moments.rawValue }
        let ranges = networks.allowed.count + networks.denied.count
        var words: [UInt64] = []
        words.reserveCapacity(2 + windowCount + ranges * 3 + (codes.count + 3) / 4)
        words.append(first)
        if let notBefore { words.append(UInt64(bitPattern: notBefore)) }
        if let hours { for index in 0..<windowCount { words.append(hours.kept(index)) } }
        for range in networks.allowed + networks.denied {
            words.append(range.first.high)
            words.append(range.first.low)
            words.append(UInt64(range.sharedBits))
        }
        for index in codes.indices {
            if index % 4 == 0 { words.append(0) }
            let code = UInt64(codes[index].first) << 8 | UInt64(codes[index].second)
            words[words.count - 1] |= code << UInt64(index % 4 * 16)
        }
        return words
    }

    /// The rules that a secret was kept with.
    @_lifetime(copy words)
    init(_ words: Span<UInt64>) { self.words = words }

    // MARK: Asking

    /// Whether the secret's time has come and its hours are open at a moment, in seconds since 1970.
    func isOpen(at moment: Int64, _ zones: inout ZoneClock) -> Bool {
        if let notBefore, moment < notBefore { return false }
        if count(.windows) == 0 { return true }
        for index in windowRange where TimeWindows.isOpen(own: words[index], at: moment, &zones) { return true }
        return false
    }

    /// Whether the networks permit a client.
    func permitNetwork(of client: ClientAddress) -> Bool {
        let (allowed, denied) = (count(.allowedNetworks), count(.deniedNetworks))
        if allowed + denied == 0 { return true }
        guard client.isKnown, !hasNetwork(of: client.address, allowed..<allowed + denied) else { return false }
        return allowed == 0 || hasNetwork(of: client.address, 0..<allowed)
    }

    /// Whether there are rules about countries.
    var hasCountries: Bool { count(.allowedCountries) + count(.deniedCountries) > 0 }

    /// Whether the countries permit one; nil is one that is not known.
    func permitCountry(_ country: CountryCode?) -> Bool {
        let (allowed, denied) = (count(.allowedCountries), count(.deniedCountries))
        guard let country else { return allowed == 0 }
        if hasCountry(country, allowed..<allowed + denied) { return false }
        return allowed == 0 || hasCountry(country, 0..<allowed)
    }

    private func hasNetwork(of address: InternetAddress, _ indices: Range<Int>) -> Bool {
        for index in indices where network(index)?.contains(address) == true { return true }
        return false
    }

    private func hasCountry(_ country: CountryCode, _ indices: Range<Int>) -> Bool {
        for index in indices where countryBytes(index) == (country.first, country.second) { return true }
        return false
    }

    // MARK: Reading

    /// The hours; nil for all.
    var hours: TimeWindows? { TimeWindows(own: words.extracting(windowRange)) }

    /// Before when it may not be read, in seconds since 1970.
    var notBefore: Int64? { count(.moments) == 0 ? nil : Int64(bitPattern: words[1]) }

    /// The networks and countries.
    var places: PlaceRule {
        let (networks, countries) = (count(.allowedNetworks), count(.allowedCountries))
        return PlaceRule(
            networks: NetworkRule(
                allowed: self.networks(0..<networks),
                denied: self.networks(networks..<networks + count(.deniedNetworks))),
            countries: CountryRule(
                allowed: self.countries(0..<countries),
                denied: self.countries(countries..<countries + count(.deniedCountries))))
    }

    private func networks(_ indices: Range<Int>) -> [AddressRange] {
        var found: [AddressRange] = []
        for index in indices { if let range = network(index) { found.append(range) } }
        return found
    }

    private func countries(_ indices: Range<Int>) -> [CountryCode] {
        var found: [CountryCode] = []
        for index in indices { if let code = country(index) { found.append(code) } }
        return found
    }

    @inline(__always)
    private func count(_ count: Count) -> Int { Int(words[0] >> count.rawValue & 0xff) }

    private var windowRange: Range<Int> {
        let first = 1 + count(.moments)
        return first..<first + count(.windows)
    }

    private func network(_ index: Int) -> AddressRange? {
        let place = windowRange.upperBound + index * 3
        return AddressRange(
            InternetAddress(high: words[place], low: words[place + 1]), sharedBits: Int(words[place + 2]))
    }

    private func countryBytes(_ index: Int) -> (UInt8, UInt8) {
        let ranges = count(.allowedNetworks) + count(.deniedNetworks)
        let word = words[windowRange.upperBound + ranges * 3 + index / 4] >> UInt64(index % 4 * 16)
        return (UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word))
    }

    private func country(_ index: Int) -> CountryCode? {
        let letters: [2 of UInt8] = [countryBytes(index).0, countryBytes(index).1]
        return CountryCode(letters.span)
    }
}

extension RuleTexts {
    /// The rules that a secret has, as they may be sent.
    init(_ conditions: [UInt64]) {
        self.init()
        if conditions.isEmpty { return }
        let rules = SecretRules(conditions.span)
        notBefore = rules.notBefore
        if let hours = rules.hours { self[.hours] = hours.description }
        let places = rules.places
        self[.allowNetworks] = Self.list(places.networks.allowed)
        self[.denyNetworks] = Self.list(places.networks.denied)
        self[.allowCountries] = Self.list(places.countries.allowed)
        self[.denyCountries] = Self.list(places.countries.denied)
    }

    private static func list(_ ranges: [AddressRange]) -> String {
        var text = ""
        for range in ranges { text += text.isEmpty ? range.description : ", " + range.description }
        return text
    }

    private static func list(_ countries: [CountryCode]) -> String {
        var text = ""
        for country in countries { text += text.isEmpty ? country.description : ", " + country.description }
        return text
    }
}
