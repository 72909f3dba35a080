// How much damage a code withstands.

/// A level of error correction: of the four that the standard has, the two that keep a code small.
public enum ErrorCorrection: Sendable {
    /// L: about 7 % of the code may be unreadable.
    case low
    /// M: about 15 %.
    case medium

    /// How the format information names the level. ISO/IEC 18004:2015, table 12.
    var indicator: UInt32 {
        switch self {
        case .low: 0b01
        case .medium: 0b00
        }
    }
}
