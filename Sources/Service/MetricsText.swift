// Figures in the text format of Prometheus, version 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/
internal import HTTPServer

extension ResponseWriter {
    /// Begins a metric: its help and its type.
    mutating func metric(_ name: StaticString, _ type: StaticString, _ help: StaticString) {
        append("# HELP ")
        append(name)
        append(" ")
        append(help)
        append("\n# TYPE ")
        append(name)
        append(" ")
        append(type)
        append("\n")
    }

    /// A sample that is a whole number.
    mutating func sample(
        _ name: StaticString, _ label: StaticString? = nil, _ text: StaticString = "", _ value: UInt64
    ) {
        beginSample(name, label, text)
        append(decimal: Int(clamping: value))
        append("\n")
    }

    /// A sample that is a time.
    mutating func sample(_ name: StaticString, microseconds: UInt64) {
        beginSample(name, nil, "")
        append(microseconds: microseconds)
        append("\n")
    }

    private mutating func beginSample(_ name: StaticString, _ label: StaticString?, _ text: StaticString) {
        append(name)
        if let label {
            append("{")
            append(label)
            append("=\"")
            append(text)
            append("\"}")
        }
        append(" ")
    }

    /// A metric of one whole number.
    mutating func single(_ name: StaticString, _ type: StaticString, _ value: UInt64, _ help: StaticString) {
        metric(name, type, help)
        sample(name, nil, "", value)
    }

    /// The samples of a histogram, of one route or of all.
    mutating func samples(_ name: StaticString, _ histogram: Histogram, route: StaticString? = nil) {
        var total: UInt64 = 0
        for bucket in histogram.counts.indices {
            total += histogram.counts[bucket]
            append(name)
            append("_bucket{")
            if let route {
                append("route=\"")
                append(route)
                append("\",")
            }
            append("le=\"")
            if bucket < Histogram.bounds.count {
                append(microseconds: Histogram.bounds[bucket])
            } else {
                append("+Inf")
            }
            append("\"} ")
            append(decimal: Int(clamping: total))
            append("\n")
        }
        append(name)
        append("_sum")
        appendRoute(route)
        append(microseconds: histogram.sum)
        append("\n")
        append(name)
        append("_count")
        appendRoute(route)
        append(decimal: Int(clamping: total))
        append("\n")
    }

    private mutating func appendRoute(_ route: StaticString?) {
        if let route {
            append("{route=\"")
            append(route)
            append("\"}")
        }
        append(" ")
    }

    /// A time in seconds: `0.0005`, `2.5`, `10`.
    private mutating func append(microseconds: UInt64) {
        append(decimal: Int(clamping: microseconds / 1_000_000))
        var rest = microseconds % 1_000_000
        guard rest > 0 else { return }
        append(".")
        var unit: UInt64 = 100_000
        while rest > 0 {
            append(byte: UInt8(ascii: "0") + UInt8(rest / unit))
            rest %= unit
            unit /= 10
        }
    }
}

/// The figures of requests, of one moment, part by part: routes are many, and a part has 64 KiB.
final class MetricsText {
    private let requests: RequestCounts
    /// The next line of counts, and behind those the next histogram: before the part that was written last, and after it.
    private var (nextBefore, next) = (0, 0)

    /// What is left free of a part: more than one histogram takes.
    private static let margin = 4096

    init(_ requests: RequestCounts) {
        self.requests = requests
    }

    /// Writes the next part, or the last one again.
    func writeNext(again: Bool, _ response: inout ResponseWriter) -> Outcome {
        if again { next = nextBefore }
        nextBefore = next
        let end = requests.counts.count + requests.durations.count
        while next < end {
            if response.freeBodyCapacity < Self.margin { return .partial }
            if next < requests.counts.count { writeCount(&response) } else { writeDurations(&response) }
            next += 1
        }
        return .complete
    }

    private func writeCount(_ response: inout ResponseWriter) {
        let name: StaticString = "onetime_http_requests_total"
        if next == 0 {
            response.metric(
                name, "counter", "Requests by route, method and class of status; rows that counted none are left out.")
        }
        let count = requests.counts[next]
        guard count > 0 else { return }
        let (row, status) = next.quotientAndRemainder(dividingBy: RequestCounts.statuses.count)
        let (route, method) = row.quotientAndRemainder(dividingBy: RequestCounts.methods.count)
        response.append(name)
        response.append("{route=\"")
        response.append(RouteGroup.allCases[route].name)
        response.append("\",method=\"")
        response.append(RequestCounts.methods[method])
        response.append("\",status=\"")
        response.append(RequestCounts.statuses[status])
        response.append("\"} ")
        response.append(decimal: Int(clamping: count))
        response.append("\n")
    }

    private func writeDurations(_ response: inout ResponseWriter) {
        let name: StaticString = "onetime_http_request_duration_seconds"
        let route = next - requests.counts.count
        if route == 0 {
            response.metric(
                name, "histogram",
                "From the first byte of a request to the end of its answer; routes without any are left out.")
        }
        let histogram = requests.durations[route]
        if histogram.count > 0 { response.samples(name, histogram, route: RouteGroup.allCases[route].name) }
    }
}
