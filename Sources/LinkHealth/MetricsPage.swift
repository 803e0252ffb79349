import LinkService
import LinkStore

/// What `/metrics` says.
struct MetricsPage: Sendable {
    let vitals: Vitals
    let registry: Registry
    let collector: Collector?

    /// Every series of ``Series/all`` that has a sample.
    func text() async -> String {
        let collection = await collector?.collect()
        var figures = own(collection)
        for (name, value) in ProcessFigures().figures { figures[name] = [(nil, value)] }
        for figure in collection?.figures?.figures ?? [] {
            figures["assetlinkd_\(figure.name)", default: []].append((figure.label, figure.value))
        }
        var exposition = Exposition()
        for series in Series.all {
            exposition.begin(series)
            registry.write(series, to: &exposition)
            for (value, text) in (figures[series.name] ?? []).prefix(Series.mostValues) {
                exposition.sample(series.name, series.label.map { ($0, value ?? "") }, text)
            }
        }
        return exposition.text
    }

    /// What the daemon knows of itself.
    private func own(_ collection: Collector.Collection?) -> [String: [(label: String?, value: String)]] {
        let picture = vitals.now
        let isLeading = if case .leading = picture.role { true } else { false }
        var list: [(String, String)] = [
            ("ready", vitals.isReady ? "1" : "0"), ("leading", isLeading ? "1" : "0"),
            ("epoch", "\(picture.epoch ?? 0)"), ("listening", picture.mode == .doorbell ? "1" : "0"),
            ("loop_delay_seconds", Exposition.number(vitals.loopDelay / .seconds(1))),
            ("config_last_reload_successful", picture.isConfigurationTaken ? "1" : "0"),
            ("config_last_reload_success_timestamp_seconds", Exposition.number(picture.configuredAt)),
            ("required_schema_version", "\(Schema.expectedVersion)"),
            ("series_refused_total", "\(registry.refused)"),
        ]
        if let time = picture.batchTime { list.append(("last_batch_timestamp_seconds", Exposition.number(time))) }
        if let collection {
            list.append(("collect_success", collection.figures == nil ? "0" : "1"))
            list.append(("collect_duration_seconds", Exposition.number(collection.duration / .seconds(1))))
            if let time = collection.time { list.append(("collect_timestamp_seconds", Exposition.number(time))) }
        }
        var figures = Dictionary(
            uniqueKeysWithValues: list.map { ("assetlinkd_\($0.0)", [(label: String?.none, value: $0.1)]) })
        figures["assetlinkd_info"] = [(Schema.programVersion, "1")]
        return figures
    }
}
