import Glibc
import LinkHealth
import LinkService
import LinkTesting
import Testing

extension HealthTests {
    @Suite struct ServingTests {
        @Test func everyCheckHasAName() async throws {
            let bench = try await HealthBench()
            let port = try await bench.ready()
            let answer = try ask(port, "/readyz?verbose")
            #expect(answer.status == 200)
            for name in ["loop", "connection", "primary", "schema", "notifications", "log", "running"] {
                #expect(answer.body.contains("[+]\(name) ok: "))
            }
            #expect(try ask(port, "/livez").body == "ok\n")
            #expect(try ask(port, "/readyz").body == "ok\n")
            try await bench.end()
        }

        @Test func aDaemonWithoutADatabaseLivesAndIsNotReady() async throws {
            let bench = try await HealthBench { $0.database = "host=/nonexistent password=hunter2-canary" }
            let port = try await bench.port()
            try await Eventually.true("it has tried") {
                try ask(port, "/readyz").body.contains("[-]connection failed: the server cannot be reached")
            }
            let alive = try ask(port, "/livez")
            #expect(alive.status == 200)
            #expect(alive.headers.contains(/(?i)date: [MTWFS][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT/))
            let answer = try ask(port, "/readyz")
            #expect(answer.status == 503)
            #expect(answer.body.contains("[-]schema failed"))
            #expect(answer.body.hasSuffix("not ready\n"))
            let page = try ask(port, "/metrics")
            #expect(page.status == 200)
            #expect(page.sample("assetlinkd_ready") == "0")
            #expect(page.sample("assetlinkd_collect_success") == "0")
            #expect(page.samples("assetlinkd_coverage_").isEmpty)
            #expect(!(answer.body + page.body).contains("canary"))
            try await bench.end()
        }

        @Test func checksMayBeLeftOut() async throws {
            let bench = try await HealthBench { $0.database = "host=/nonexistent" }
            let port = try await bench.port()
            let names = ["connection", "primary", "schema", "notifications", "log"].map { "exclude=\($0)" }
            let answer = try ask(port, "/readyz?verbose&\(names.joined(separator: "&"))")
            #expect(answer.status == 200)
            #expect(answer.body.contains("[ ]log excluded"))
            try await bench.end()
        }

        @Test func nothingElseIsServed() async throws {
            let bench = try await HealthBench()
            let port = try await bench.port()
            #expect(try ask(port, "/").status == 404)
            #expect(try ask(port, "/metrics/../etc/passwd").status == 404)
            #expect(try ask(port, "/livez", method: "POST").status == 405)
            #expect(try ask(port, "/livez", method: "HEAD").body.isEmpty)
            #expect(try ask(port, "/metrics").headers.lowercased().contains("text/plain; version=0.0.4"))
            try await bench.end()
        }

        @Test func aSocketServesToo() async throws {
            let path = "/tmp/assetlinkd-health-\(getpid()).sock"
            defer { unlink(path) }
            let bench = try await HealthBench(endpoint: .unix(path: path))
            try await Eventually.true("it is ready") { (try? ask(path, "/readyz").status) == 200 }
            #expect(try ask(path, "/metrics").sample("assetlinkd_ready") == "1")
            try await bench.end()
        }
    }
}
