/*
 * Text of a USB string descriptor (USB 2.0, 9.6.7): UTF-16LE from a device
 * that nobody vouches for.
 *
 * Pure; any thread.
 */
#ifndef RECORDER_USB_TEXT_H
#define RECORDER_USB_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Write the text as UTF-8, cut to room - 1 bytes between characters, and a
 * NUL.  It ends before a NUL in the descriptor; what is not a character, and
 * control characters, become U+FFFD; spaces at the end go.  A descriptor that
 * is none gives "".
 */
void usb_text_decode(const uint8_t *p, size_t len, char *ret_text, size_t room);

#endif
