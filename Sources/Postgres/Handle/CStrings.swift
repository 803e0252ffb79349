/// Several zero-terminated strings in one buffer.
struct CStrings {
    private var bytes: [CChar] = []
    private var offsets: [Int] = []

    /// Copies the strings, which must not contain zeros.
    init(_ strings: [String]) {
        for string in strings {
            offsets.append(bytes.count)
            bytes += string.utf8.map { CChar(bitPattern: $0) }
            bytes.append(0)
        }
    }

    /// Lends the strings as libpq wants them: an array of pointers that ends with nil.
    func withPointers<Value>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value) -> Value {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            // Safe: every offset lies inside the buffer and the pointers are used only inside the closure.
            var pointers = unsafe offsets.map { offset in unsafe buffer.baseAddress.map { unsafe $0 + offset } }
            unsafe pointers.append(nil)
            return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
        }
    }
}
