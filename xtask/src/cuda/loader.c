/* Stands in for one CUDA library when `callout` is linked: it looks for the library at the first call and passes every
   call on. Without the library each function answers with an error, so that the program starts on any machine.
   `functions.h` is written by `cargo xtask cuda`; it defines
     LIBRARY         the library's name at run time, such as "libcublas.so.13"
     MISSING_STATUS  what a function answers without it
     SILENT          1 where the library's absence is nothing to mention
     FUNCTIONS(X)    X(number, name, kind) for each function; kind is `status` or `text`, after what it returns */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include "functions.h"

#ifndef __x86_64__
#error "only written for x86-64"
#endif

static void *library;
static pthread_once_t looked = PTHREAD_ONCE_INIT;

static void look(void) {
    library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!library && !SILENT) {
        fprintf(stderr, "warning: the GPU cannot be used: %s\n", dlerror());
    }
}

static int missing_status(void) { return MISSING_STATUS; }
static const char *missing_text(void) { return LIBRARY " is not on this machine"; }

#define NAME(number, name, kind) #name,
static const char *const names[] = {FUNCTIONS(NAME)};

#define SUBSTITUTE(number, name, kind) (void *)missing_##kind,
static void *const substitutes[] = {FUNCTIONS(SUBSTITUTE)};

/* Where each function's calls go; at first to code that asks `resolve`. */
extern void *slots[] __attribute__((visibility("hidden")));

/* Finds a function and remembers it. Two threads may do so at once: both write the same address. */
__attribute__((used, noinline)) static void *resolve(unsigned long number) {
    pthread_once(&looked, look);
    void *found = library ? dlsym(library, names[number]) : NULL;
    if (!found) {
        found = substitutes[number];
    }
    __atomic_store_n(&slots[number], found, __ATOMIC_RELEASE);
    return found;
}

#define SLOT(number, name, kind) ".quad .Lfirst" #number "\n"
#define ENTRY(number, name, kind)                       \
    ".globl " #name "\n.hidden " #name "\n"             \
    ".type " #name ", @function\n"                      \
    #name ":\n  jmp *slots+8*" #number "(%rip)\n"       \
    ".Lfirst" #number ":\n  push $" #number "\n  jmp first\n"

/* `first` keeps every register that may hold an argument (System V ABI), then jumps as if it had never been there. */
__asm__(".data\n.balign 8\nslots:\n" FUNCTIONS(SLOT)
        ".text\n.balign 16\n"
        "first:\n"
        "  push %rax\n  push %rdi\n  push %rsi\n  push %rdx\n  push %rcx\n  push %r8\n  push %r9\n"
        "  sub $136, %rsp\n"
        "  movups %xmm0, 0(%rsp)\n  movups %xmm1, 16(%rsp)\n  movups %xmm2, 32(%rsp)\n  movups %xmm3, 48(%rsp)\n"
        "  movups %xmm4, 64(%rsp)\n  movups %xmm5, 80(%rsp)\n  movups %xmm6, 96(%rsp)\n  movups %xmm7, 112(%rsp)\n"
        "  mov 192(%rsp), %rdi\n"
        "  call resolve\n"
        "  mov %rax, %r11\n"
        "  movups 0(%rsp), %xmm0\n  movups 16(%rsp), %xmm1\n  movups 32(%rsp), %xmm2\n  movups 48(%rsp), %xmm3\n"
        "  movups 64(%rsp), %xmm4\n  movups 80(%rsp), %xmm5\n  movups 96(%rsp), %xmm6\n  movups 112(%rsp), %xmm7\n"
        "  add $136, %rsp\n"
        "  pop %r9\n  pop %r8\n  pop %rcx\n  pop %rdx\n  pop %rsi\n  pop %rdi\n  pop %rax\n"
        "  add $8, %rsp\n"
        "  jmp *%r11\n" FUNCTIONS(ENTRY));
