// How the server is.
internal import HTTPServer
internal import HTTPWire
internal import Kernel
internal import Pages

extension OnetimeService {
    private static let healthFields: StaticString = """
        Content-Type: application/json; charset=utf-8\r
        Cache-Control: no-store\r
        X-Content-Type-Options: nosniff\r

        """

    /// `GET /health`
    func writeHealth(_ response: inout ResponseWriter) {
        response.begin(.ok)
        response.fields(Self.healthFields)
        response.append("{\"status\":\"ok\"")
        response.append(context.settings.healthReport)
        response.append("}")
    }

    /// `GET /api/v1/status` and `GET /api/v2/status`
    func writeStatus(
        version: Int, _ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment
    ) {
        if let refusal = judge(request, now).refusal {
            return refuse(refusal, .status(version: version), request, &response)
        }
        beginJSON(.ok, &response)
        response.append(version == 1 ? "{" : "{\"success\":true,")
        writeNominal(&response)
    }

    /// `GET /api/v1/authcheck`
    func writeAuthCheck(_ request: borrowing Request, _ response: inout ResponseWriter, _ now: Moment) {
        let caller = judge(request, now)
        if let refusal = refusal(of: caller, requiring: []) { return refuse(refusal, .authcheck, request, &response) }
        looked(caller, request)
        beginJSON(.ok, &response)
        response.append("{")
        writeNominal(&response)
    }

    private func writeNominal(_ response: inout ResponseWriter) {
        response.append("\"status\":\"nominal\",\"locale\":\"")
        response.append(json: context.settings.locale)
        response.append("\"}")
    }
}
