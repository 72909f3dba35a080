// Which form of a word goes with which number.

/// How a language tells whole numbers apart, after the plural rules of Unicode's CLDR for integers. A quantity has one form for each
/// class, in the order given here.
enum PluralRule: Sendable {
    /// One form for all: Japanese, Chinese, Korean.
    case one
    /// 1 | others: English, German, Greek, Turkish and most more.
    case oneOther
    /// 0 and 1 | others: French, Portuguese.
    case upToOneOther
    /// 1 | 2 | others: Hebrew.
    case oneTwoOther
    /// 1 | 2 to 4 | others: Czech.
    case oneFewOther
    /// 1 | 0 and those that end in 01 to 19 | others: Romanian.
    case romanian
    /// 1 | those that end in 2 to 4 but not in 12 to 14 | others: Polish.
    case polish
    /// Those that end in 1 but not in 11 | in 2 to 4 but not in 12 to 14 | others: Russian, Ukrainian.
    case eastSlavic
    /// 0 | 1 | 2 | those that end in 03 to 10 | in 11 to 99 | others: Arabic.
    case arabic

    /// How many forms a quantity has.
    var formCount: Int {
        switch self {
        case .one: 1
        case .oneOther, .upToOneOther: 2
        case .oneTwoOther, .oneFewOther, .romanian, .polish, .eastSlavic: 3
        case .arabic: 6
        }
    }

    /// Which form a number takes, counted from 0.
    func form(of number: Int) -> Int {
        let (tens, hundreds) = (number % 10, number % 100)
        let isFew = (2...4).contains(tens) && !(12...14).contains(hundreds)
        switch self {
        case .one: return 0
        case .oneOther: return number == 1 ? 0 : 1
        case .upToOneOther: return number <= 1 ? 0 : 1
        case .oneTwoOther: return number == 1 ? 0 : number == 2 ? 1 : 2
        case .oneFewOther: return number == 1 ? 0 : (2...4).contains(number) ? 1 : 2
        case .romanian: return number == 1 ? 0 : number == 0 || (1...19).contains(hundreds) ? 1 : 2
        case .polish: return number == 1 ? 0 : isFew ? 1 : 2
        case .eastSlavic: return tens == 1 && hundreds != 11 ? 0 : isFew ? 1 : 2
        case .arabic:
            if number <= 2 { return number }
            return (3...10).contains(hundreds) ? 3 : hundreds >= 11 ? 4 : 5
        }
    }
}
