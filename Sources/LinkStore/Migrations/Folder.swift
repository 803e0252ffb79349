import Glibc

/// The names of what lies in a folder, in no order.
func listFolder(_ path: String) throws(TextFile.Unreadable) -> [String] {
    guard let folder = opendir(path) else { throw TextFile.Unreadable(errno: errno) }
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
