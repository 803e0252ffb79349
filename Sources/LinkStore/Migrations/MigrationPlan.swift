/// A migration that the database has, as its ledger says.
package struct AppliedMigration: Sendable, Equatable {
    /// Its number.
    package let number: Int
    /// The name its file had.
    package let name: String
    /// SHA-256 of the file as it was applied.
    package let sha256: String
}

/// What a database has and what it lacks.
package struct MigrationPlan: Sendable, Equatable {
    /// What was applied, in order.
    package let applied: [AppliedMigration]
    /// What is to be applied, in order.
    package let pending: [MigrationFile]

    /// The newest migration the database has; 0 when it was never migrated.
    package var version: Int { applied.last?.number ?? 0 }

    /// The first file after which programs of the database's present version no longer work; `nil`: they go on.
    package var firstUnusable: MigrationFile? {
        pending.first { file in (file.worksFrom ?? .max) > version }
    }

    /// Compares files with a ledger; refuses what cannot be reconciled.
    package init(files: [MigrationFile], applied: [AppliedMigration]) throws(MigrationError) {
        self.applied = applied
        let known = Dictionary(uniqueKeysWithValues: files.map { ($0.number, $0) })
        for migration in applied {
            guard let file = known[migration.number] else {
                throw MigrationError(
                    .newer,
                    "The database has migration \(migration.name), which this program does not know: it is newer.",
                    hint: "Use the assetlinkctl of the release that applied it; the database was not touched.")
            }
            guard file.sha256 == migration.sha256 else {
                throw MigrationError(
                    .edited, "\(file.name) was edited after it had been applied to this database.",
                    hint: "Restore the file (SHA-256 \(migration.sha256)) and put the change into a new migration.")
            }
        }
        let done = Set(applied.map(\.number))
        pending = files.filter { !done.contains($0.number) }
        if let late = pending.first, let last = applied.last, late.number < last.number {
            throw MigrationError(
                .files, "\(late.name) was never applied, but the later \(last.name) was.",
                hint: "Give it a number above \(fourDigits(last.number)).")
        }
    }
}
