import Glibc
import HTTPTypes
import HummingbirdCore
import LinkService
import NIOCore

/// Answers what is asked of the daemon's health.
struct HealthResponder {
    let page: MetricsPage

    /// What is answered to a request.
    func respond(to request: Request) async -> Response {
        guard request.method == .get || request.method == .head else {
            return answer(.methodNotAllowed, "only GET and HEAD\n", to: request)
        }
        switch request.uri.path {
        case "/livez": return livez(request)
        case "/readyz": return readyz(request)
        case "/metrics":
            return answer(.ok, await page.text(), Exposition.contentType, to: request)
        default: return answer(.notFound, "/livez, /readyz?verbose, /metrics\n", to: request)
        }
    }

    /// Gives up what answers were read with.
    func close() async { await page.collector?.close() }

    /// Whether the daemon's own loop gets on; asks nobody else.
    private func livez(_ request: Request) -> Response {
        guard let stillness = page.vitals.stillness else { return answer(.ok, "ok\n", to: request) }
        return answer(.serviceUnavailable, "\(stillness)\n", to: request)
    }

    /// Every check by name where asked for, or where one is not passed; those to leave out may be named.
    private func readyz(_ request: Request) -> Response {
        var isVerbose = false
        var excluded: Set<Substring> = []
        for part in (request.uri.query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.first == "verbose" { isVerbose = true }
            if pair.first == "exclude", pair.count == 2 { excluded.insert(pair[1]) }
        }
        let checks = page.vitals.readiness
        let failed = checks.contains { !$0.isPassed && !excluded.contains($0.name[...]) }
        guard failed || isVerbose else { return answer(.ok, "ok\n", to: request) }
        var text = ""
        for check in checks {
            let isExcluded = excluded.contains(check.name[...])
            text += check.isPassed ? "[+]" : isExcluded ? "[ ]" : "[-]"
            text += "\(check.name) \(check.isPassed ? "ok" : isExcluded ? "excluded" : "failed"): \(check.detail)\n"
        }
        text += failed ? "not ready\n" : "ready\n"
        return answer(failed ? .serviceUnavailable : .ok, text, to: request)
    }

    private func answer(
        _ status: HTTPResponse.Status, _ text: String, _ type: String = "text/plain; charset=utf-8", to request: Request
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store", .date: Self.date],
            body: request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// Now, as HTTP has it.
    private static var date: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let form = "%a, %d %b %Y %H:%M:%S GMT"
        return String(unsafeUninitializedCapacity: 40) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress, $0.count, form, &parts) }
        }
    }
}
