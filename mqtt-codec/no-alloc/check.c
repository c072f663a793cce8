/* Calls the library and compares what it did with what it has to do. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int32_t mqtt_published_byte(size_t index);
int32_t mqtt_round_trips(void);

int main(void) {
    static const char expected[] = "\x32\x23\0\3a/b\0\x0A\x17\x03\0\x0Atext/plain\x26\0\4unit\0\1C" "21.5";
    size_t len = sizeof expected - 1;
    for (size_t i = 0; i <= len; i++) {
        int32_t byte = mqtt_published_byte(i);
        if (byte != (i < len ? (unsigned char)expected[i] : -1)) {
            fprintf(stderr, "byte %zu is %d\n", i, (int)byte);
            return 1;
        }
    }
    int32_t found = mqtt_round_trips();
    if (found != 15 * 1000 + 0x81) {
        fprintf(stderr, "15 packets and an error 0x81, found %d\n", (int)found);
        return 1;
    }
    puts("a PUBLISH byte by byte, 15 round trips and an error, without an allocator");
    return 0;
}
