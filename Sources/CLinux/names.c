// Stands in for the table of all of Unicode's character names (half a megabyte), which nothing here asks for.
//
// The standard library refers to it from the one property that gives a character's name. scripts/build puts this in its place
// (--wrap=_swift_stdlib_getScalarName); in a build without that it lies unused.
#include <stdint.h>

long __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, long capacity);

// A length of 0: the character has no name.
long __wrap__swift_stdlib_getScalarName(uint32_t scalar, uint8_t *buffer, long capacity) {
    (void)scalar;
    (void)buffer;
    (void)capacity;
    return 0;
}
