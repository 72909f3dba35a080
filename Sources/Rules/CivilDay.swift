// Days of the Gregorian calendar, counted from 1970-01-01.

/// A day as so many days after 1970-01-01.
enum CivilDay {
    /// The day of a date; the month from 1 to 12, the day from 1.
    ///
    /// Years begin on 1 March here, which puts a leap day at the very end; after 400 years the calendar repeats to the day.
    static func number(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        // From March on, months of 31, 30, 31, 30, 31 days repeat: 153 days for five months.
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The year that a day is in.
    static func year(of number: Int64) -> Int64 {
        let shifted = number + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let leapDays = dayOfEra / 1460 - dayOfEra / 36524 + dayOfEra / 146_096
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // The last two months of a year from March belong to the next one from January.
        return era * 400 + yearOfEra + (dayOfYear >= 306 ? 1 : 0)
    }

    /// The day of the week, Monday as 0.
    static func weekday(of number: Int64) -> Int {
        // 1970-01-01 was a Thursday.
        let remainder = (number + 3) % 7
        return Int(remainder < 0 ? remainder + 7 : remainder)
    }

    /// Whether a year has a 29 February.
    static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// How many days a month from 1 to 12 has.
    static func length(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func floorDivide(_ number: Int64, _ divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }
}
