/* For files of whole numbers only, where a version for wider registers gives the same bytes. */
#ifndef BOMBUS_WIDE_H
#define BOMBUS_WIDE_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif
#define INLINE static inline __attribute__((always_inline))

#endif
