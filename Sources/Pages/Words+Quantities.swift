// Durations and sizes in the words of a language.

extension Words {
    /// A span of time exactly, in the largest unit that divides it: 5400 seconds are 90 minutes.
    func duration(_ seconds: Int) -> String {
        switch seconds {
        case let span where span >= 86_400 && span % 86_400 == 0: days(span / 86_400)
        case let span where span >= 3600 && span % 3600 == 0: hours(span / 3600)
        case let span where span >= 60 && span % 60 == 0: minutes(span / 60)
        default: self.seconds(seconds)
        }
    }

    /// A span of time as a person needs it: rounded down, in two units at most, seconds only below a minute.
    func roughDuration(_ seconds: Int) -> String {
        let (largest, rest): (String, String?)
        switch max(seconds, 0) {
        case let span where span >= 86_400:
            (largest, rest) = (days(span / 86_400), span / 3600 % 24 == 0 ? nil : hours(span / 3600 % 24))
        case let span where span >= 3600:
            (largest, rest) = (hours(span / 3600), span / 60 % 60 == 0 ? nil : minutes(span / 60 % 60))
        case let span where span >= 60:
            (largest, rest) = (minutes(span / 60), nil)
        case let span:
            (largest, rest) = (self.seconds(span), nil)
        }
        guard let rest else { return largest }
        return both(largest, rest)
    }

    /// A number of bytes: in MiB or KiB if it is a whole number of them.
    func size(_ byteCount: Int) -> String {
        switch byteCount {
        case let count where count >= 1 << 20 && count % (1 << 20) == 0: "\(count >> 20) MiB"
        case let count where count >= 1 << 10 && count % (1 << 10) == 0: "\(count >> 10) KiB"
        default: bytes(byteCount)
        }
    }
}
