/// Where the audit is not as it was written.
package struct AuditProblem: Hashable, Sendable {
    /// The batch.
    package var batchID: Int64
    /// The audit row, where there is one to show.
    package var auditID: Int64?
    /// What is wrong, in words; the same as `assetlink.audit_verify` uses.
    package var problem: String
}

/// What a verification found.
package struct AuditFindings: Sendable {
    /// More are counted, not kept.
    package static let most = 1_000

    /// The first of the problems, by batch and row.
    package private(set) var problems: [AuditProblem] = []
    /// How many there are.
    package private(set) var count = 0
    /// The batches that were verified; `nil`: there are none.
    package internal(set) var batches: ClosedRange<Int64>?
    /// How many audit rows were read.
    package internal(set) var rows: Int64 = 0

    package init() {}

    /// Takes a problem in.
    package mutating func note(_ batchID: Int64, row auditID: Int64? = nil, _ problem: String) {
        count += 1
        guard problems.count < Self.most else { return }
        problems.append(AuditProblem(batchID: batchID, auditID: auditID, problem: problem))
    }

    /// Takes in what was found elsewhere.
    mutating func add(_ other: AuditFindings) {
        for problem in other.problems { note(problem.batchID, row: problem.auditID, problem.problem) }
        sort()
    }

    /// Puts what was kept in the order of `assetlink.audit_verify`.
    mutating func sort() {
        problems.sort {
            ($0.batchID, $0.auditID ?? .min) != ($1.batchID, $1.auditID ?? .min)
                ? ($0.batchID, $0.auditID ?? .min) < ($1.batchID, $1.auditID ?? .min)
                : $0.problem.utf8.lexicographicallyPrecedes($1.problem.utf8)
        }
    }
}
