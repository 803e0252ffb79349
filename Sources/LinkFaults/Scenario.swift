import Glibc
import LinkTesting

/// One fault, or a few of a kind, made to happen to real processes under load.
package struct Scenario: Sendable {
    /// What a machine must have for it.
    package enum Need: String, Hashable, Sendable {
        /// To mount file systems of a size.
        case root
        /// Debian's `faketime`.
        case faketime
        /// Debian's `pgbouncer`.
        case pgbouncer
        /// A debug build of the daemon, which alone has failpoints.
        case debug
        /// Patroni and etcd, as `deploy/patroni/cluster.sh fetch` gets them.
        case patroni
    }

    /// Its name on the command line and in reports.
    package let name: String
    /// The rows of the table of faults that it covers.
    package let faults: [Int]
    /// What is expected, in a sentence.
    package let expected: String
    package let needs: Set<Need>
    private let body: @Sendable (Stage) async throws -> Void

    package init(
        _ name: String, faults: [Int], needs: Set<Need> = [], expected: String,
        _ body: @escaping @Sendable (Stage) async throws -> Void
    ) {
        self.name = name
        self.faults = faults
        self.expected = expected
        self.needs = needs
        self.body = body
    }

    /// A scenario in a database of its own on the cluster that scenarios share: for faults that do that cluster no harm.
    package static func shared(
        _ name: String, faults: [Int], needs: Set<Need> = [], expected: String,
        _ body: @escaping @Sendable (Arena) async throws -> Void
    ) -> Scenario {
        Scenario(name, faults: faults, needs: needs, expected: expected) { stage in
            try await stage.arena(on: Cluster.shared.value).perform(body)
        }
    }

    /// A scenario on a cluster of its own, which may be harmed and is removed.
    package static func own(
        _ name: String, faults: [Int], needs: Set<Need> = [], settings: [String: String] = [:], expected: String,
        _ body: @escaping @Sendable (Arena) async throws -> Void
    ) -> Scenario {
        Scenario(name, faults: faults, needs: needs, expected: expected) { stage in
            let cluster = try await Cluster.make(settings)
            do { try await stage.arena(on: cluster).perform(body) } catch {
                await cluster.remove()
                throw error
            }
            await cluster.remove()
        }
    }

    /// Runs it once; what was found is on the stage, a thrown error among it.
    package func run(seed: UInt64, effort: Stage.Effort) async -> Stage {
        let stage = Stage(name: name, seed: seed, effort: effort)
        do { try await body(stage) } catch { stage.add(["\(error)"], "ended early") }
        return stage
    }

    /// Why it cannot run here; `nil` = it can.
    package var obstacle: String? {
        needs.sorted { $0.rawValue < $1.rawValue }.compactMap { need in
            switch need {
            case .root: getuid() == 0 ? nil : "it mounts a file system, for which it must be root"
            case .faketime: Faketime.library == nil ? "Debian's package faketime is not installed" : nil
            case .pgbouncer:
                access("/usr/sbin/pgbouncer", X_OK) == 0 ? nil : "Debian's package pgbouncer is not installed"
            case .debug: isDebug ? nil : "only a debug build has failpoints"
            case .patroni:
                PatroniCluster.isThere
                    ? nil : "Patroni and etcd are not in var/patroni; deploy/patroni/cluster.sh fetch gets them"
            }
        }.first
    }

    private var isDebug: Bool {
        #if DEBUG
            true
        #else
            false
        #endif
    }
}

extension Arena {
    /// Runs a scenario's body and ends what it left, however it ended.
    func perform(_ body: @Sendable (Arena) async throws -> Void) async throws {
        do { try await body(self) } catch {
            stage.add(logs.split(separator: "\n").suffix(8).map(String.init), "the daemons' last words")
            await close()
            throw error
        }
        if !stage.problems.isEmpty {
            stage.add(logs.split(separator: "\n").suffix(8).map(String.init), "the daemons' last words")
        }
        await close()
    }
}
