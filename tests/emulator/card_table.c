/* Partition tables: MBR, and GPT (UEFI specification 2.10, 5.3) with both its copies. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/card_priv.h"

enum {
	MBR_ENTRIES = 446, MBR_ENTRY = 16, MBR_PARTS = 4,
	TYPE_EXFAT = 0x07, TYPE_FAT32 = 0x0c, TYPE_PROTECTIVE = 0xee,
	GPT_ENTRY = 128, GPT_PARTS = 128, GPT_BYTES = GPT_PARTS * GPT_ENTRY, GPT_HEADER = 92,
};

static const uint8_t basic_data[16] = {	/* EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 */
	0xa2, 0xa0, 0xd0, 0xeb, 0xe5, 0xb9, 0x33, 0x44, 0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7,
};

uint32_t card_crc32(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
	}
	return ~crc;
}

static int write_at(int fd, const void *p, size_t len, uint64_t at, struct err *e)
{
	struct card c = { .fd = fd };

	return card_pwrite(&c, p, len, at, e);
}

static void mbr_entry(uint8_t *entry, uint8_t type, uint64_t first, uint64_t sectors)
{
	entry[1] = entry[5] = 0xfe;	/* cylinders, heads, sectors: not used, as LBA says */
	entry[2] = entry[3] = entry[6] = entry[7] = 0xff;
	entry[4] = type;
	card_put32(entry + 8, (uint32_t)MIN(first, UINT32_MAX));
	card_put32(entry + 12, (uint32_t)MIN(sectors, UINT32_MAX));
}

static int write_mbr(int fd, uint32_t sector, const struct card_config *parts, size_t n,
		     struct err *e)
{
	uint8_t s[CARD_SECTOR] = { 0 };

	if (n > MBR_PARTS)
		return err_set(e, -EINVAL, "an MBR has %d partitions at most", MBR_PARTS);
	for (size_t i = 0; i < n; i++)
		mbr_entry(s + MBR_ENTRIES + i * MBR_ENTRY, parts[i].exfat ? TYPE_EXFAT : TYPE_FAT32,
			  parts[i].start / sector, parts[i].size / sector);
	card_put16(s + 510, 0xaa55);
	return write_at(fd, s, sizeof(s), 0, e);
}

static void gpt_entry(uint8_t *entry, uint32_t sector, const struct card_config *part, size_t i)
{
	static const char name[] = "RECORDER";

	memcpy(entry, basic_data, sizeof(basic_data));
	memset(entry + 16, (int)(0x10 + i), 16);	/* its own GUID */
	card_put64(entry + 32, part->start / sector);
	card_put64(entry + 40, (part->start + part->size) / sector - 1);
	for (size_t k = 0; name[k] != '\0'; k++)
		entry[56 + 2 * k] = (uint8_t)name[k];
}

static void gpt_header(uint8_t h[CARD_SECTOR_MAX], uint64_t self, uint64_t other, uint64_t array,
		       uint64_t used, uint64_t last, uint32_t crc)
{
	memset(h, 0, CARD_SECTOR_MAX);
	memcpy(h, "EFI PART\0\0\1", 12);
	card_put32(h + 12, GPT_HEADER);
	card_put64(h + 24, self);
	card_put64(h + 32, other);
	card_put64(h + 40, used);
	card_put64(h + 48, last - used);
	memset(h + 56, 0x47, 16);		/* the disk's GUID */
	card_put64(h + 72, array);
	card_put32(h + 80, GPT_PARTS);
	card_put32(h + 84, GPT_ENTRY);
	card_put32(h + 88, crc);
	card_put32(h + 16, card_crc32(h, GPT_HEADER));
}

static int write_gpt(int fd, uint32_t sector, uint64_t size, const struct card_config *parts,
		     size_t n, struct err *e)
{
	static uint8_t array[GPT_BYTES];
	uint8_t mbr[CARD_SECTOR] = { 0 }, h[CARD_SECTOR_MAX];
	uint64_t last = size / sector - 1, array_len = GPT_BYTES / sector;
	uint32_t crc;
	int r;

	memset(array, 0, sizeof(array));
	for (size_t i = 0; i < MIN(n, (size_t)GPT_PARTS); i++)
		gpt_entry(array + i * GPT_ENTRY, sector, &parts[i], i);
	crc = card_crc32(array, sizeof(array));
	mbr_entry(mbr + MBR_ENTRIES, TYPE_PROTECTIVE, 1, last);
	mbr[MBR_ENTRIES + 2] = 2;
	mbr[MBR_ENTRIES + 1] = mbr[MBR_ENTRIES + 3] = 0;
	card_put16(mbr + 510, 0xaa55);
	r = write_at(fd, mbr, sizeof(mbr), 0, e);
	gpt_header(h, 1, last, 2, 2 + array_len, last, crc);
	if (r == 0)
		r = write_at(fd, h, sector, sector, e);
	if (r == 0)
		r = write_at(fd, array, sizeof(array), UINT64_C(2) * sector, e);
	gpt_header(h, last, 1, last - array_len, 2 + array_len, last, crc);
	if (r == 0)
		r = write_at(fd, array, sizeof(array), (last - array_len) * sector, e);
	return r < 0 ? r : write_at(fd, h, sector, last * sector, e);
}

int card_table_write(int fd, enum card_table table, uint64_t size,
		     const struct card_config *parts, size_t n, struct err *e)
{
	uint32_t sector = n > 0 && parts[0].sector != 0 ? parts[0].sector : CARD_SECTOR;

	if (table == CARD_NO_TABLE)
		return 0;
	if (ftruncate(fd, (off_t)size) < 0)
		return err_set(e, -errno, "card image: %s", strerror(errno));
	if (table == CARD_MBR)
		return write_mbr(fd, sector, parts, n, e);
	return write_gpt(fd, sector, size, parts, n, e);
}
