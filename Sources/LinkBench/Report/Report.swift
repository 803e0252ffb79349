import LinkStore

/// All findings of a run, with what one must know to read them.
package struct Report: Sendable {
    package var cis: Int
    package var assets: Int
    package var seed: UInt64
    package var rounds: Int
    package var isDebug: Bool
    package var findings: [Finding] = []

    package init(cis: Int, assets: Int, seed: UInt64, rounds: Int, isDebug: Bool) {
        self.cis = cis
        self.assets = assets
        self.seed = seed
        self.rounds = rounds
        self.isDebug = isDebug
    }

    /// What stands above the table.
    private var head: String {
        let world = "\(cis) CIs, \(assets) assets, seed \(seed), \(rounds) round\(rounds == 1 ? "" : "s")"
        return isDebug ? "\(world)\ndebug build: figures say nothing" : world
    }

    /// Lines of columns: median (least–most) of ours and of the baseline, the median ratio, the target, the verdict.
    package var table: String {
        var rows = [["measure", "what", "unit", "assetlinkd", "baseline", "", "ratio", "target", ""]]
        for finding in findings { rows.append(cells(finding)) }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
        return head + "\n\n" + lines.joined(separator: "\n")
    }

    /// One finding, as soon as it is there.
    func line(_ finding: Finding) -> String {
        cells(finding).filter { !$0.isEmpty }.joined(separator: "  ") + (isDebug ? "  (debug build: says nothing)" : "")
    }

    private func cells(_ finding: Finding) -> [String] {
        [
            finding.measure, finding.what, finding.unit, Format.spread(finding.values), finding.baseline ?? "",
            Format.spread(finding.baselineValues), finding.ratios.isEmpty ? "" : Format.spread(finding.ratios),
            finding.target?.text ?? "", verdict(finding) ?? "",
        ]
    }

    /// The same as one JSON object.
    package var json: String {
        func list(_ values: [Double]) -> String { JSONText.array(values.map { "\($0)" }) }
        let rows = findings.map { finding in
            JSONText.object([
                "measure": JSONText.string(finding.measure), "what": JSONText.string(finding.what),
                "unit": JSONText.string(finding.unit), "values": list(finding.values),
                "baseline": finding.baseline.map { JSONText.string($0) },
                "baseline_values": finding.baseline.map { _ in list(finding.baselineValues) },
                "ratio": finding.ratios.isEmpty ? nil : "\(finding.ratios.median)",
                "target": finding.target.map { JSONText.string($0.text) },
                "verdict": verdict(finding).map { JSONText.string($0) },
            ])
        }
        return JSONText.object([
            "schema": JSONText.string("assetlink-bench.v1"), "cis": String(cis), "assets": String(assets),
            "seed": String(seed), "rounds": String(rounds), "debug": isDebug ? "true" : "false",
            "findings": JSONText.array(rows),
        ])
    }

    /// `pass` or `miss`; a debug build passes no judgement.
    private func verdict(_ finding: Finding) -> String? {
        if isDebug { return nil }
        return finding.passes.map { $0 ? "pass" : "miss" }
    }
}
