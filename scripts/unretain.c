// Takes the mark "keep, whether needed or not" (SHF_GNU_RETAIN) off the sections of an archive of objects, so that the linker
// drops what nothing refers to. Swift's compiler puts that mark on everything public, for libraries that are loaded while a
// program runs; in a static executable it keeps half of the standard library that nobody calls.
//
// Left as they are: sections that the Swift runtime finds by where they begin and end rather than by a reference.
//
//     unretain FROM TO
#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { retained = 0x200000, member_head = 60 };

// Code and data, and those of the runtime's sections that are for debuggers or that the type they belong to refers to.
static const char *const prefixes[] = {".text", ".data", ".rodata", ".bss", "swift5_fieldmd"};
static const char *const names[] = {"swift5_assocty", "swift5_builtin", "swift5_capture", "swift5_mpenum"};

static bool is_reached_by_reference(const char *name) {
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) return true;
    }
    return false;
}

static void fail(const char *what) {
    fprintf(stderr, "unretain: %s\n", what);
    exit(1);
}

static void release(char *object, size_t size) {
    Elf64_Ehdr head;
    if (size < sizeof head) return;
    memcpy(&head, object, sizeof head);
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64) return;
    if (head.e_shoff > size || size - head.e_shoff < sizeof(Elf64_Shdr)) fail("an object has no sections");
    Elf64_Shdr first;
    memcpy(&first, object + head.e_shoff, sizeof first);
    // Where there are too many sections for the head's 16 bits, the first section says how many, and where their names are.
    size_t count = head.e_shnum ? head.e_shnum : first.sh_size;
    size_t index = head.e_shstrndx == SHN_XINDEX ? first.sh_link : head.e_shstrndx;
    if (count > (size - head.e_shoff) / sizeof first || index >= count) fail("an object's table of sections is cut off");
    Elf64_Shdr strings;
    memcpy(&strings, object + head.e_shoff + index * sizeof strings, sizeof strings);
    if (strings.sh_offset > size || strings.sh_size > size - strings.sh_offset || strings.sh_size == 0
        || object[strings.sh_offset + strings.sh_size - 1] != 0)
        fail("an object's names are cut off");
    for (size_t i = 0; i < count; i++) {
        Elf64_Shdr section;
        char *place = object + head.e_shoff + i * sizeof section;
        memcpy(&section, place, sizeof section);
        if (!(section.sh_flags & retained) || section.sh_name >= strings.sh_size) continue;
        if (!is_reached_by_reference(object + strings.sh_offset + section.sh_name)) continue;
        section.sh_flags &= ~(Elf64_Xword)retained;
        memcpy(place, &section, sizeof section);
    }
}

int main(int count, char **words) {
    if (count != 3) fail("takes the name of an archive and that of the new one");
    FILE *from = fopen(words[1], "rb");
    if (!from || fseek(from, 0, SEEK_END) != 0) fail("the archive cannot be read");
    long end = ftell(from);
    rewind(from);
    char *archive = end > 8 ? malloc(end) : NULL;
    if (!archive || fread(archive, 1, end, from) != (size_t)end || memcmp(archive, "!<arch>\n", 8) != 0)
        fail("that is no archive");
    for (size_t at = 8, size = end; at + member_head <= size;) {
        // A member's size stands in decimal digits, filled up with spaces.
        char digits[11] = {0};
        memcpy(digits, archive + at + 48, 10);
        size_t length = strtoul(digits, NULL, 10);
        at += member_head;
        if (length > size - at) fail("the archive is cut off");
        // The name of a member can stand in front of its content ("#1/length").
        size_t name = memcmp(archive + at - member_head, "#1/", 3) == 0 ? strtoul(archive + at - member_head + 3, NULL, 10) : 0;
        if (name <= length) release(archive + at + name, length - name);
        at += length + length % 2;
    }
    FILE *to = fopen(words[2], "wb");
    if (!to || fwrite(archive, 1, end, to) != (size_t)end || fclose(to) != 0) fail("the new archive cannot be written");
    free(archive);
    return 0;
}
