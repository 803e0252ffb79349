import Glibc

/// Where the migrations lie when nobody says.
package enum MigrationFolder {
    /// Where a package of the distribution puts them.
    package static let installed = "/usr/share/assetlinkd/sql/migrations"

    /// `sql/migrations` of the package around the executable or the current directory, else the installed one.
    ///
    /// A package is a folder with a `Package.swift` and `sql/migrations`, so that a stray folder is not taken for it.
    package static func find() -> String {
        for start in [executable(), workingDirectory()].compactMap(\.self) {
            var folder = start[...]
            while !folder.isEmpty {
                let candidate = folder + "/sql/migrations"
                if access(String(candidate), R_OK) == 0, access(String(folder + "/Package.swift"), R_OK) == 0 {
                    return String(candidate)
                }
                folder = folder.lastIndex(of: "/").map { folder[..<$0] } ?? ""
            }
        }
        return installed
    }

    private static func executable() -> String? { resolved("/proc/self/exe") }
    private static func workingDirectory() -> String? { resolved(".") }

    private static func resolved(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}
