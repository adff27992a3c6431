#include "fat.h"

#include <string.h>

static uint64_t number(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = len; i > 0; i--)
		n = n << 8 | p[i - 1];
	return n;
}

static bool is_power_of_two(uint64_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* Microsoft, FAT: General Overview of On-Disk Format 1.03, "Boot Sector and BPB". */
static bool read_fat(const uint8_t *boot, struct fat_geometry *g)
{
	uint64_t reserved = number(boot + 14, 2), fats = boot[16];
	uint64_t root_entries = number(boot + 17, 2);
	uint64_t per_fat = number(boot + 22, 2), sectors = number(boot + 19, 2);

	if (number(boot + 11, 2) != g->sector_size || fats == 0)
		return false;
	if (per_fat == 0) {		/* FAT32 */
		per_fat = number(boot + 36, 4);
		g->root_cluster = number(boot + 44, 4);
	}
	g->cluster_sectors = boot[13];
	g->fat = reserved;
	g->data = reserved + fats * per_fat;
	g->clusters = g->data + (root_entries * FAT_ENTRY_LEN + g->sector_size - 1) /
				g->sector_size;
	g->sectors = sectors != 0 ? sectors : number(boot + 32, 4);
	return true;
}

/* exFAT specification, 3.1. */
static bool read_exfat(const uint8_t *boot, struct fat_geometry *g)
{
	if (memcmp(boot + 3, "EXFAT   ", 8) != 0 || boot[108] > 12 || boot[109] > 25 ||
	    1u << boot[108] != g->sector_size)
		return false;
	g->cluster_sectors = 1u << boot[109];
	g->second = (boot[106] & 1) != 0 && boot[110] == 2;
	g->fat = number(boot + 80, 4) + (g->second ? number(boot + 84, 4) : 0);
	g->n_clusters = number(boot + 92, 4);
	g->data = g->clusters = number(boot + 88, 4);
	g->sectors = number(boot + 72, 8);
	g->root_cluster = number(boot + 96, 4);
	return true;
}

/* FAT's number of clusters tells its kind; exFAT says it, and it may be too much. */
static void set_clusters(struct fat_geometry *g)
{
	uint64_t room = (g->sectors - g->clusters) / g->cluster_sectors;

	g->n_clusters = g->exfat && g->n_clusters < room ? g->n_clusters : room;
	g->bits = g->exfat || room >= 65525 ? 32 : room >= 4085 ? 16 : 12;
}

bool fat_geometry_read(const uint8_t boot[FAT_BOOT_LEN], bool exfat, uint32_t sector_size,
		       struct fat_geometry *ret)
{
	struct fat_geometry g = { .exfat = exfat, .sector_size = sector_size };

	if (boot[510] != 0x55 || boot[511] != 0xaa || !is_power_of_two(sector_size) ||
	    sector_size < 512 || sector_size > 4096)
		return false;
	if (!(exfat ? read_exfat(boot, &g) : read_fat(boot, &g)))
		return false;
	if (!is_power_of_two(g.cluster_sectors) || g.clusters >= g.sectors ||
	    g.sectors > UINT64_MAX / 4096)
		return false;
	set_clusters(&g);
	*ret = g;
	return true;
}

bool fat_cluster_sector(const struct fat_geometry *g, uint64_t cluster, uint64_t *ret)
{
	if (g->sector_size == 0 || cluster < FAT_FIRST_CLUSTER ||
	    cluster - FAT_FIRST_CLUSTER >= g->n_clusters)
		return false;
	*ret = g->clusters + (cluster - FAT_FIRST_CLUSTER) * g->cluster_sectors;
	return true;
}

uint64_t fat_value(unsigned bits, const uint8_t *p, uint64_t i)
{
	if (bits == 12)
		return number(p + i * 3 / 2, 2) >> (i % 2 * 4) & 0xfff;
	if (bits == 16)
		return number(p + i * 2, 2);
	return number(p + i * 4, 4) & 0x0fffffff;
}

uint64_t fat_count_free(unsigned bits, const uint8_t *p, uint64_t first, uint64_t n)
{
	uint64_t unused = 0;

	for (uint64_t i = 0; i < n; i++)
		unused += first + i >= FAT_FIRST_CLUSTER && fat_value(bits, p, i) == 0;
	return unused;
}

uint32_t fat_boot_sum(uint32_t sum, const uint8_t *p, size_t len, bool first_sector)
{
	for (size_t i = 0; i < len; i++) {	/* volume flags and percent in use do not count */
		if (!first_sector || (i != 106 && i != 107 && i != 112))
			sum = (sum << 31 | sum >> 1) + p[i];
	}
	return sum;
}
