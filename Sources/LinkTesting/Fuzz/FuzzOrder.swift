import Glibc

/// One run of a decoder over many inputs, in a process that may die of one of them.
///
/// Before each input is tried it is written to a file, so that whoever started the process can tell which one it was.
package struct FuzzOrder: Codable, Sendable {
    /// What the process is to do.
    package enum Work: Codable, Sendable {
        /// Try the corpus, and then what becomes of it, until the time is over.
        case search(seconds: Double)
        /// Find a smaller input that fails too.
        case shrink([UInt8])
    }

    package var target: String
    package var work: Work
    package var seed: UInt64
    package var corpus: [[UInt8]]
    /// The connection string, where the target wants a database.
    package var database: String
    /// Where the input at hand and the outcome are written.
    package var scratch: FuzzScratch

    package init(
        target: String, work: Work, seed: UInt64, corpus: [[UInt8]], database: String, scratch: FuzzScratch
    ) {
        self.target = target
        self.work = work
        self.seed = seed
        self.corpus = corpus
        self.database = database
        self.scratch = scratch
    }

    /// Does the work; false where an input failed without killing the process.
    package func perform(_ target: FuzzTarget) async -> Bool {
        // An input that takes all memory is to fail by itself, and not everybody else on the machine.
        var memory = rlimit(rlim_cur: 4 << 30, rlim_max: 4 << 30)
        setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &memory)
        let check: FuzzTarget.Check
        do {
            check = try await target.open(database)
        } catch {
            scratch.write("could not be opened: \(error)", to: .outcome)
            return false
        }
        switch work {
        case .search(let seconds): return await search(target, check, .seconds(seconds))
        case .shrink(let input):
            await shrink(input, target, check)
            return true
        }
    }

    private func search(_ target: FuzzTarget, _ check: FuzzTarget.Check, _ time: Duration) async -> Bool {
        let end = ContinuousClock.now + time
        var random = SplitMix64(seed: seed)
        var pool = corpus.isEmpty ? [[]] : corpus
        var fates: [String: Int] = [:]
        var tried = 0
        while tried < corpus.count || ContinuousClock.now < end {
            let isFirst = tried < corpus.count
            let input =
                isFirst ? corpus[tried] : target.mutator.mutate(random.pick(pool), with: random.pick(pool), &random)
            tried += 1
            do {
                let fate = try await attempt(input, target, check)
                // What goes a new way is worth changing further.
                if fates.updateValue(fates[fate, default: 0] + 1, forKey: fate) == nil, !isFirst, pool.count < 2000 {
                    pool.append(input)
                }
            } catch {
                scratch.write("\(error)", to: .outcome)
                return false
            }
        }
        let common = fates.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(5).map { "\($0.value) \($0.key)" }
        let words = "\(tried) inputs, \(fates.count) fates: \(common.joined(separator: "; "))"
        scratch.write(words, to: .outcome)
        return true
    }

    /// Tries ever smaller pieces to leave out, then plainer bytes; the best so far stands in its file.
    private func shrink(_ input: [UInt8], _ target: FuzzTarget, _ check: FuzzTarget.Check) async {
        var best = input
        scratch.write(best, to: .best)
        var size = max(1, best.count / 2)
        while true {
            var start = 0
            while start < best.count {
                var candidate = best
                candidate.removeSubrange(start..<min(start + size, best.count))
                if await fails(candidate, target, check) {
                    best = candidate
                    scratch.write(best, to: .best)
                } else {
                    start += size
                }
            }
            if size == 1 { break }
            size /= 2
        }
        for plain in [UInt8(ascii: "a"), 0] {
            for index in best.indices where best[index] != plain {
                // Once plain, a byte stays so: this has an end.
                if plain == 0, best[index] == UInt8(ascii: "a") { continue }
                var candidate = best
                candidate[index] = plain
                guard await fails(candidate, target, check) else { continue }
                best = candidate
                scratch.write(best, to: .best)
            }
        }
    }

    private func fails(_ input: [UInt8], _ target: FuzzTarget, _ check: FuzzTarget.Check) async -> Bool {
        do {
            _ = try await attempt(input, target, check)
            return false
        } catch {
            scratch.write("\(error)", to: .outcome)
            return true
        }
    }

    private func attempt(_ input: [UInt8], _ target: FuzzTarget, _ check: FuzzTarget.Check) async throws -> String {
        scratch.write(input, to: .input)
        // SIGALRM ends the process: what hangs is found like what traps.
        alarm(target.limit)
        defer { alarm(0) }
        return try await check(input)
    }
}

/// The files through which a process that may die tells what it was doing.
package struct FuzzScratch: Codable, Sendable {
    /// What is in a file.
    package enum Part: String, Codable, Sendable {
        /// The input that is being tried.
        case input
        /// The smallest input that failed.
        case best
        /// What came of it, in words.
        case outcome
    }

    private let folder: String

    /// Makes a folder for the files.
    package init() throws {
        var template = Array("/tmp/assetlink-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FuzzFinding("no temporary directory") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes the files.
    package func remove() {
        for part in [Part.input, .best, .outcome] { unlink("\(folder)/\(part)") }
        rmdir(folder)
    }

    /// Replaces what is in a file.
    package func write(_ bytes: [UInt8], to part: Part) {
        let descriptor = open("\(folder)/\(part)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = Glibc.write(descriptor, bytes, bytes.count)
        close(descriptor)
    }

    /// Replaces what is in a file.
    package func write(_ text: String, to part: Part) { write(Array(text.utf8), to: part) }

    /// What is in a file; nil where there is none.
    package func read(_ part: Part) -> [UInt8]? { readWholeFile("\(folder)/\(part)") }

    /// Forgets what is in a file.
    package func clear(_ part: Part) { unlink("\(folder)/\(part)") }
}

/// All bytes of a file; nil where it cannot be read.
package func readWholeFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
    return bytes
}
