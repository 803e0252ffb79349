import LinkService
import Testing

@Suite struct EndpointTests {
    @Test(arguments: [
        ("127.0.0.1:9187", Endpoint.loopback(host: "127.0.0.1", port: 9187)),
        ("127.8.7.6:1", .loopback(host: "127.8.7.6", port: 1)),
        ("[::1]:9187", .loopback(host: "::1", port: 9187)),
        ("localhost:0", .loopback(host: "127.0.0.1", port: 0)),
        ("unix:/run/a/health.sock", .unix(path: "/run/a/health.sock")),
        ("/run/a/health.sock", .unix(path: "/run/a/health.sock")),
    ])
    func takesThisMachine(text: String, endpoint: Endpoint) throws {
        #expect(try Endpoint(text) == endpoint)
    }

    @Test(arguments: [
        "", ":9187", "9187", "0.0.0.0:9187", "[::]:9187", "10.0.0.1:9187", "127.0.0.1", "127.0.0.1:70000", "127.0.1:80",
        "127.0.0.1.evil.example:80", "localhost.evil.example:80", "example.com:80", "unix:", "unix:run/x",
        "unix:relative",
        "/" + String(repeating: "x", count: 108), "127.0.0.1:-1", "[::1%eth0]:80", "0177.0.0.1:80", "127.0.0.256:80",
    ])
    func refusesTheNetworkAndNonsense(text: String) {
        #expect(throws: Endpoint.Refusal.self) { try Endpoint(text) }
    }
}
