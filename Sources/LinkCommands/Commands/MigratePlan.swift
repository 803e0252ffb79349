package import ArgumentParser
import LinkStore
import Postgres

/// What an upgrade would do to the database, before it does it.
package struct MigratePlan: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what an upgrade would lock and for about how long; changes and locks nothing.",
        discussion: """
            For each file that the database lacks: who would have to wait while it is applied, and which tables are read \
            or written whole under a lock (a time is a guess from their size). Waiting for a lock is bounded \
            beside: who does not get all of them within a second lets go and tries again. Locks of a program within a \
            file are known only when it runs. Ends with 1 when something is to be done.

            Example: assetlinkctl migrate plan -d service=cmdb

            JSON: schema assetlinkctl/migrate-plan.v1, fields from, to, leader (the daemon that leads now), files \
            (number, name, stops, milliseconds, runs_program, works_from, locks) and first_unusable.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var source: MigrationSource

    /// What the parser makes.
    package init() {}

    /// Says it.
    package func run(_ console: Console) async throws -> CommandExit {
        let migrator = try source.migrator()
        let session = try await Session.connect(common, console)
        do {
            let plan = try await migrator.plan(on: session.connection)
            let forecasts = try await migrator.forecast(plan, on: session.connection)
            let leader = plan.version == 0 ? nil : try await leader(session)
            if session.json {
                answer(session, plan, forecasts, leader)
            } else {
                say(session, plan, forecasts, leader)
            }
            await session.connection.close()
            return plan.pending.isEmpty ? .success : .problems
        } catch {
            await session.connection.close()
            throw error
        }
    }

    private func leader(_ session: Session) async throws -> String? {
        try await session.query(
            "SELECT holder FROM assetlink_internal.lease WHERE expires_at > clock_timestamp()"
        ).first?.text(0)
    }

    private func say(
        _ session: Session, _ plan: MigrationPlan, _ forecasts: [MigrationForecast], _ leader: String?
    ) {
        guard let last = plan.pending.last else {
            session.tell("The schema is up to date: version \(plan.version).")
            return
        }
        session.tell("From version \(plan.version) to \(last.number), \(forecasts.count) files:")
        for forecast in forecasts {
            session.tell("\(forecast.file.name): \(sentence(forecast))")
            for touch in forecast.touches where touch.lock >= .share {
                session.tell("    \(line(touch))")
            }
        }
        if let file = plan.firstUnusable {
            let running = leader.map { "; \($0), which leads now," } ?? ""
            session.tell(
                "Daemons of the old version\(running) end with code 6 at \(file.name): start those of the new one after it."
            )
        } else {
            session.tell("Daemons of the old version go on working.")
        }
    }

    private func sentence(_ forecast: MigrationForecast) -> String {
        let program = forecast.runsProgram ? " It runs a program, whose locks only the run shows." : ""
        guard let lock = forecast.strongest, lock >= .share else { return "stops nobody.\(program)" }
        let time = forecast.seconds >= 0.1 ? " for about \(tenths(forecast.seconds)) s" : " for a moment"
        return "stops \(lock.stops)\(time).\(program)"
    }

    private func line(_ touch: MigrationForecast.Touch) -> String {
        let work =
            switch touch.work {
            case .catalogue: ""
            case .reads: ", reads its \(touch.rows) rows (\(touch.bytes / 1_000_000) MB)"
            case .rewrites: ", writes its \(touch.rows) rows anew (\(touch.bytes / 1_000_000) MB)"
            }
        return "\(touch.relation): \(touch.lock.rawValue)\(work)"
    }

    private func tenths(_ seconds: Double) -> String {
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func answer(
        _ session: Session, _ plan: MigrationPlan, _ forecasts: [MigrationForecast], _ leader: String?
    ) {
        session.answer(
            "migrate-plan",
            [
                ("from", .integer(Int64(plan.version))),
                ("to", .integer(Int64(plan.pending.last?.number ?? plan.version))),
                ("leader", leader.map { .string($0) } ?? .null),
                ("first_unusable", plan.firstUnusable.map { .string($0.name) } ?? .null),
                ("files", .array(forecasts.map(json))),
            ])
    }

    private func json(_ forecast: MigrationForecast) -> JSON {
        .object([
            ("number", .integer(Int64(forecast.file.number))), ("name", .string(forecast.file.name)),
            ("stops", .string(forecast.strongest?.stops ?? "nobody")),
            ("milliseconds", .integer(Int64(forecast.seconds * 1_000))), ("runs_program", .bool(forecast.runsProgram)),
            ("works_from", forecast.file.worksFrom.map { .integer(Int64($0)) } ?? .null),
            (
                "locks",
                .array(
                    forecast.touches.map { touch in
                        .object([
                            ("relation", .string(touch.relation)), ("lock", .string(touch.lock.rawValue)),
                            ("work", .string("\(touch.work)")), ("rows", .integer(touch.rows)),
                            ("bytes", .integer(touch.bytes)),
                        ])
                    })
            ),
        ])
    }
}
