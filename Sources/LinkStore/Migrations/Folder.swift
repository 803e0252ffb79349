import Glibc

/// Why a file or a folder could not be read.
struct UnreadableFile: Error {
    let message: String

    init(errno code: Int32) { message = String(cString: strerror(code)) }
    init(_ message: String) { self.message = message }
}

/// The names of what lies in a folder, in no order.
func listFolder(_ path: String) throws(UnreadableFile) -> [String] {
    guard let folder = opendir(path) else { throw UnreadableFile(errno: errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

/// A whole file as text; refuses what is not UTF-8.
func readTextFile(_ path: String) throws(UnreadableFile) -> String {
    guard let file = fopen(path, "re") else { throw UnreadableFile(errno: errno) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        bytes += chunk.prefix(count)
        if count < chunk.count { break }
    }
    if ferror(file) != 0 { throw UnreadableFile(errno: errno) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw UnreadableFile("it is not UTF-8") }
    return text
}
