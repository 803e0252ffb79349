import FoundationEssentials
import LinkHealth
import Testing

/// What is shipped for Prometheus and Grafana names nothing that the daemon does not serve.
@Suite struct DashboardTests {
    private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func text(_ path: String) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: "\(top)/\(path)"), "\(path)")
        return String(decoding: data, as: UTF8.self)
    }

    /// Every name of a series in a text, with the parts of histograms named by their series.
    private static func series(in text: String) -> Set<String> {
        let words = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":")) }
        var names: Set<String> = []
        for word in words where word.hasPrefix("assetlinkd_") || word.hasPrefix("process_") {
            let histogram = Series.all.first { series in
                guard case .histogram = series.kind else { return false }
                return ["_bucket", "_sum", "_count"].contains { word == series.name + $0 }
            }
            names.insert(histogram?.name ?? String(word))
        }
        return names
    }

    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Field: Decodable {
                struct Defaults: Decodable { let unit: String? }
                let defaults: Defaults
            }
            struct Target: Decodable { let expr: String }
            let id: Int
            let type: String
            let title: String
            let description: String?
            let fieldConfig: Field?
            let targets: [Target]?
        }
        let editable: Bool
        let panels: [Panel]
    }

    private static let known = Set(Series.all.map(\.name))

    @Test func everySeriesOfTheDashboardExists() throws {
        let text = try Self.text("deploy/grafana/assetlinkd.json")
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text.utf8))
        var used: Set<String> = []
        for panel in dashboard.panels where panel.type != "row" {
            let targets = try #require(panel.targets)
            #expect(!targets.isEmpty, "\(panel.title)")
            #expect(panel.description?.isEmpty == false, "\(panel.title)")
            #expect(panel.fieldConfig?.defaults.unit != nil, "\(panel.title)")
            for target in targets {
                #expect(target.expr.contains("job=~\"$job\", instance=~\"$instance\""), "\(target.expr)")
                used.formUnion(Self.series(in: target.expr))
            }
        }
        #expect(used.subtracting(Self.known) == [])
        #expect(used.count > 30)
        #expect(Set(dashboard.panels.map(\.id)).count == dashboard.panels.count)
        #expect(!dashboard.editable)
    }

    @Test func everySeriesOfTheAlertsExists() throws {
        let text = try Self.text("deploy/prometheus/assetlinkd.rules.yml")
        let used = Self.series(in: text)
        #expect(used.subtracting(Self.known) == [])
        #expect(used.count > 15)
        #expect(
            Self.series(in: try Self.text("deploy/prometheus/assetlinkd.rules.test.yml")).subtracting(Self.known) == [])
    }

    @Test func everyAlertHasARunbookAndATest() throws {
        let rules = try Self.text("deploy/prometheus/assetlinkd.rules.yml")
        let tests = try Self.text("deploy/prometheus/assetlinkd.rules.test.yml")
        let lines = rules.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "-" } }
        let alerts = lines.filter { $0.hasPrefix("alert: ") }.map { String($0.dropFirst(7)) }
        let links = lines.filter { $0.hasPrefix("runbook_url: ") }.compactMap { $0.split(separator: "/").last }
        #expect(alerts.count > 10)
        #expect(links.count == alerts.count)
        for (alert, link) in zip(alerts, links) {
            let page = try Self.text("deploy/docs/runbooks/\(link.filter { $0 != "\"" })")
            #expect(page.contains("Alert: `\(alert)`."), "\(link)")
            #expect(page.contains("## Look\n\n```sh\n"), "\(link)")
            #expect(page.contains("## Do\n\n- "), "\(link)")
            #expect(tests.contains("alertname: \(alert)\n"), "\(alert)")
        }
    }

    /// Names as Prometheus wants them, and labels whose values are few.
    @Test func seriesAreNamedAsUsual() {
        for series in Series.all {
            #expect(series.name.hasSuffix("_total") == (series.kind == .counter), "\(series.name)")
            #expect(!series.help.isEmpty && series.help.hasSuffix("."), "\(series.name)")
            #expect(series.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" }, "\(series.name)")
        }
        #expect(Self.known.count == Series.all.count)
        #expect(
            Set(Series.all.compactMap(\.label)) == [
                "state", "change", "kind", "version", "reason", "status", "severity", "role",
            ])
    }
}
