package import CoreMetrics
import Synchronization

/// Where swift-metrics puts what is counted: one handler a sample, of the series that ``Series/all`` has and no other.
package final class Registry: MetricsFactory {
    private enum Handler {
        case counted(CountedSample)
        case measured(MeasuredSample)
    }
    private struct State {
        /// By series, then by the label's value; an empty one where there is no label.
        var samples: [String: [String: Handler]] = [:]
        var refused: Int64 = 0
    }

    private let known = Dictionary(uniqueKeysWithValues: Series.all.map { ($0.name, $0) })
    private let state = Mutex(State())

    package init() {}

    /// Samples that were left out.
    var refused: Int64 { state.withLock { $0.refused } }

    /// Writes every sample of a series.
    func write(_ series: Series, to exposition: inout Exposition) {
        let samples = state.withLock { $0.samples[series.name] ?? [:] }
        for (value, handler) in samples.sorted(by: { $0.key < $1.key }) {
            switch handler {
            case .counted(let sample):
                exposition.sample(series.name, series.label.map { ($0, value) }, "\(sample.count)")
            case .measured(let sample):
                let (counts, sum) = sample.figures
                exposition.histogram(series.name, sample.bounds, counts, sum: sum)
            }
        }
    }

    /// The handler that is there, or a new one; one that nobody shows where the series has no such sample.
    private func handler<Sample>(
        _ name: String, _ dimensions: [(String, String)], _ make: (Series?) -> Sample?, _ read: (Handler) -> Sample?,
        _ wrap: (Sample) -> Handler, _ spare: () -> Sample
    ) -> Sample {
        state.withLock { state in
            let value = dimensions.first?.1 ?? ""
            if let there = state.samples[name]?[value], let sample = read(there) { return sample }
            guard let series = known[name], dimensions.map(\.0) == (series.label.map { [$0] } ?? []),
                state.samples[name]?.count ?? 0 < Series.mostValues, let sample = make(series)
            else {
                state.refused += 1
                return spare()
            }
            state.samples[name, default: [:]][value] = wrap(sample)
            return sample
        }
    }

    private func counted(_ name: String, _ dimensions: [(String, String)]) -> CountedSample {
        handler(
            name, dimensions, { if case .counter = $0?.kind { CountedSample() } else { nil } },
            { if case .counted(let sample) = $0 { sample } else { nil } }, { .counted($0) }, { CountedSample() })
    }

    private func measured(_ name: String, _ dimensions: [(String, String)]) -> MeasuredSample {
        handler(
            name, dimensions,
            { if case .histogram(let bounds) = $0?.kind { MeasuredSample(bounds) } else { nil } },
            { if case .measured(let sample) = $0 { sample } else { nil } }, { .measured($0) }, { MeasuredSample([]) })
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counted(label, dimensions)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        measured(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        measured(label, dimensions)
    }

    // Samples live as long as the process: what was counted is not forgotten.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// Counts up.
final class CountedSample: CounterHandler {
    private let value = Atomic<Int64>(0)

    var count: Int64 { value.load(ordering: .relaxed) }

    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
}

/// Counts values by size; times in seconds.
final class MeasuredSample: RecorderHandler, TimerHandler {
    let bounds: [Double]
    private let state: Mutex<(counts: [UInt64], sum: Double)>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex((Array(repeating: 0, count: bounds.count + 1), 0))
    }

    /// Counts by bucket, not added up, and the sum of all values.
    var figures: (counts: [UInt64], sum: Double) { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}
