import Postgres

extension Listing {
    /// Answers with a page or with all rows; programs get every column of the relation.
    ///
    /// One row more than the limit is asked for, to know whether there are more.
    ///
    /// - Parameter own: how people get the rows, where a table is not enough.
    func run(_ session: Session, _ options: ListOptions, as own: (any ListForm)? = nil) async throws -> CommandExit {
        if options.csv, session.json { throw Failure(.usage, "--json and --csv do not go together.") }
        let start = try options.after.map { try PageCursor($0, of: command, keys: keys.count) }
        let form: any ListForm =
            if session.json { ListJSON(self) } else if options.csv { try await ListCSV(self, session) } else {
                own ?? ListTable(self)
            }
        guard options.all else {
            let next = try await read(form, after: start, limit: options.limit, session)
            form.end(next.map { more(options.limit, $0) }, next, session)
            return .success
        }
        // All pages of one moment; each is small, whatever there is.
        _ = try await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        session.console.interruption.note("What was written ends in the middle; nothing was changed.")
        let progress = Progress("rows", session.console)
        defer { progress.end() }
        var cursor = start
        repeat {
            cursor = try await read(form, after: cursor, limit: Self.stride, session)
            progress.advance(by: Int64(Self.stride))
        } while cursor != nil
        progress.end()
        _ = try await session.query("COMMIT")
        form.end(nil, nil, session)
        return .success
    }

    /// Rows that are read at once when all are wanted.
    static let stride = 1_000

    private func read(
        _ form: any ListForm, after cursor: PageCursor?, limit: Int, _ session: Session
    ) async throws -> PageCursor? {
        let columns = form.columns
        let rows = try await session.connection.query(page(columns, after: cursor, limit: limit + 1))
        let shown = Array(rows.prefix(limit))
        try form.add(shown, session)
        guard rows.count > limit, let last = shown.last else { return nil }
        return PageCursor(list: command, values: try keys.indices.map { try last.text(columns.count + $0) })
    }

    private func more(_ limit: Int, _ cursor: PageCursor) -> String {
        "… and more: --after \(cursor.text) goes on, --limit shows more than \(limit) at once, --all shows all."
    }
}

/// How rows are written: begun with the first page, ended once.
protocol ListForm: AnyObject {
    /// The columns that it wants, as SQL.
    var columns: [String] { get }
    /// Writes a page.
    func add(_ rows: [Row], _ session: Session) throws
    /// Writes what comes last: what to say when there are more, and where they begin.
    func end(_ more: String?, _ next: PageCursor?, _ session: Session)
}

/// One JSON object, a row a line when there is more than one page.
private final class ListJSON: ListForm {
    private let listing: Listing
    private var pages: [String] = []
    private var isStreaming = false

    init(_ listing: Listing) { self.listing = listing }

    var columns: [String] { [listing.jsonColumn] }

    func add(_ rows: [Row], _ session: Session) throws {
        if !pages.isEmpty {
            // A second page: from now on nothing is kept.
            session.console.say((isStreaming ? "" : head) + pages.joined(separator: ",\n") + ",")
            isStreaming = true
            pages = []
        }
        pages = try rows.map { try $0.text(0) }
    }

    func end(_ more: String?, _ next: PageCursor?, _ session: Session) {
        let tail = "], \"more\": \(next != nil), \"next\": \(JSON.text(next?.text).text)}"
        session.console.say((isStreaming ? "" : head) + pages.joined(separator: isStreaming ? ",\n" : ", ") + tail)
    }

    private var head: String { "{\"schema\": \"assetlinkctl/\(listing.command).v1\", \"rows\": [" }
}

/// Comma-separated values as RFC 4180 has them, with a header.
private final class ListCSV: ListForm {
    let columns: [String]
    private var header: [String]?

    init(_ listing: Listing, _ session: Session) async throws {
        let beside = listing.beside?.columns ?? []
        let list = (["page.*"] + beside).joined(separator: ", ")
        let names = try await session.query(
            """
            SELECT \(list) FROM (SELECT * FROM \(listing.relation) LIMIT 0) page \(listing.beside?.join ?? "") LIMIT 0
            """, listing.relationParameters
        ).columns
        let own = names.dropLast(beside.count).map { "(page.\(Expression.identifier($0)))::text" }
        columns =
            own
            + beside.map { column in
                "(\(column.firstRange(of: " AS ").map { String(column[..<$0.lowerBound]) } ?? column))::text"
            }
        header = names
    }

    func add(_ rows: [Row], _ session: Session) throws {
        if let header { session.console.say(CSV.line(header)) }
        header = nil
        for row in rows { session.console.say(CSV.line(try columns.indices.map { try row.textOrNil($0) })) }
    }

    func end(_ more: String?, _ next: PageCursor?, _ session: Session) {
        if let more { session.console.remark(more) }
    }
}

/// A table for people, with advice below; its columns are as wide as the first page needs.
private final class ListTable: ListForm {
    private let listing: Listing
    private var widths: [Int]?
    private var told: Set<String> = []
    private var advice: [String] = []

    init(_ listing: Listing) { self.listing = listing }

    /// The cells, then the advice, all as text.
    var columns: [String] {
        (listing.cells.map(\.sql) + (listing.advice.map { [$0.about, $0.text] } ?? [])).map { "(\($0))::text" }
    }

    func add(_ rows: [Row], _ session: Session) throws {
        guard !rows.isEmpty else { return }
        let count = listing.cells.count
        let table = Table(
            listing.cells.map(\.column), try rows.map { row in try (0..<count).map { try row.textOrNil($0) } })
        let widths = self.widths ?? table.widths(within: session.console.width)
        for line in table.lines(
            width: session.console.width, style: session.console.style, widths: widths, header: self.widths == nil)
        {
            session.console.say(line)
        }
        self.widths = widths
        guard listing.advice != nil else { return }
        for row in rows {
            guard let about = try row.textOrNil(count), let text = try row.textOrNil(count + 1),
                told.insert(about).inserted
            else { continue }
            advice.append("\(about): \(text)")
        }
    }

    func end(_ more: String?, _ next: PageCursor?, _ session: Session) {
        if widths == nil {
            let nothing = listing.nothing
            session.console.remark(listing.isFiltered ? "\(nothing.dropLast()) with these filters." : nothing)
        }
        if !advice.isEmpty { session.console.say("") }
        for line in advice { session.tell(line) }
        if let more { session.console.remark(more) }
    }
}
