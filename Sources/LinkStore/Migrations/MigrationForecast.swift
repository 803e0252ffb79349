package import Postgres

/// What applying a file would do to the tables that are there.
package struct MigrationForecast: Sendable {
    /// A table of the database, what is done to it, and how large it is now.
    package struct Touch: Sendable {
        /// Its name with its schema.
        package let relation: String
        /// The strongest lock on it.
        package let lock: TableLock
        /// The most that is done under it.
        package let work: StatementEffect.Work
        /// Whether it is a table of our owner's; locking a view would lock what is beneath it.
        package let isOurTable: Bool
        /// About how many rows it has, by PostgreSQL's statistics.
        package let rows: Int64
        /// Its size without indexes.
        package let bytes: Int64

        /// About how long the work takes; a guess from the size: 100 MB/s to read, 25 MB/s to write, indexes included.
        package var seconds: Double {
            switch work {
            case .catalogue: 0
            case .reads: Double(bytes) / 100_000_000
            case .rewrites: Double(bytes) / 25_000_000
            }
        }
    }

    /// The file.
    package let file: MigrationFile
    /// What it does to tables and views that are there, by name.
    package let touches: [Touch]
    /// Whether it also runs a program, whose locks only the run shows.
    package let runsProgram: Bool

    /// The strongest lock on anything; `nil`: it touches nothing that is there.
    package var strongest: TableLock? { touches.map(\.lock).max() }
    /// About how long it stops whom it stops, but for the waiting.
    package var seconds: Double { touches.filter { $0.lock >= .share }.reduce(0) { $0 + $1.seconds } }
}

extension Migrator {
    /// What each pending file would do; changes and locks nothing.
    package func forecast(_ plan: MigrationPlan, on connection: PostgresConnection) async throws -> [MigrationForecast]
    {
        var forecasts: [MigrationForecast] = []
        var made: Set<String> = []
        for file in plan.pending { forecasts.append(try await forecast(file, &made, on: connection)) }
        return forecasts
    }

    /// - Parameter made: what earlier files make; this one's is added.
    func forecast(
        _ file: MigrationFile, _ made: inout Set<String>, on connection: PostgresConnection
    ) async throws -> MigrationForecast {
        var strongest: [String: StatementEffect] = [:]
        var runsProgram = false
        for statement in file.statements {
            let told = statement.forecast()
            runsProgram = runsProgram || told.runsProgram
            made.formUnion(told.made)
            for effect in told.effects where !made.contains(effect.relation) {
                let known = strongest[effect.relation]
                strongest[effect.relation] = StatementEffect(
                    relation: effect.relation, lock: max(known?.lock ?? effect.lock, effect.lock),
                    work: max(known?.work ?? effect.work, effect.work))
            }
        }
        // An index counts as its table.
        let rows = try await connection.query(
            """
            SELECT w.name, format('%s.%s', tn.nspname, t.relname), greatest(t.reltuples, 0)::bigint,
                pg_catalog.pg_relation_size(t.oid),
                t.relkind IN ('r', 'p') AND coalesce(t.relowner = to_regrole('assetlink_owner'), false)
            FROM unnest($1::text[]) AS w (name)
            JOIN pg_catalog.pg_namespace AS n ON n.nspname = split_part(w.name, '.', 1)
            JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = split_part(w.name, '.', 2)
            LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
            JOIN pg_catalog.pg_class AS t ON t.oid = coalesce(i.indrelid, c.oid)
            JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
            ORDER BY w.name
            """, [.texts(strongest.keys.sorted())])
        var touches: [String: MigrationForecast.Touch] = [:]
        for row in rows {
            guard let effect = strongest[try row.text(0)] else { continue }
            let relation = try row.text(1)
            let known = touches[relation]
            touches[relation] = MigrationForecast.Touch(
                relation: relation, lock: max(known?.lock ?? effect.lock, effect.lock),
                work: max(known?.work ?? effect.work, effect.work), isOurTable: try row.bool(4),
                rows: try row.int8(2), bytes: try row.int8(3))
        }
        return MigrationForecast(
            file: file, touches: touches.values.sorted { $0.relation < $1.relation }, runsProgram: runsProgram)
    }
}
