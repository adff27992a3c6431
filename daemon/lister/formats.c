/*
 * libtsk's readers of image files, none of which opens anything here: the card
 * is read through dockd (tsk_img_open_external).
 *
 * With these in their place the linker takes nothing of libtsk that wants
 * libewf, libvmdk, libvhdi or afflib, and through those libcurl, OpenLDAP and
 * forty others: code that the jail need not hold, and 11 of the 13 ms that a
 * lister took to start.
 */
#include "tsk.h"

TSK_IMG_INFO *aff_open(const TSK_TCHAR *const images[], unsigned int block_size);
TSK_IMG_INFO *ewf_open(int n, const TSK_TCHAR *const images[], unsigned int block_size);
TSK_IMG_INFO *vhdi_open(int n, const TSK_TCHAR *const images[], unsigned int block_size);
TSK_IMG_INFO *vmdk_open(int n, const TSK_TCHAR *const images[], unsigned int block_size);

TSK_IMG_INFO *aff_open(const TSK_TCHAR *const images[], unsigned int block_size)
{
	(void)images;
	(void)block_size;
	return NULL;
}

TSK_IMG_INFO *ewf_open(int n, const TSK_TCHAR *const images[], unsigned int block_size)
{
	(void)n;
	return aff_open(images, block_size);
}

TSK_IMG_INFO *vhdi_open(int n, const TSK_TCHAR *const images[], unsigned int block_size)
{
	return ewf_open(n, images, block_size);
}

TSK_IMG_INFO *vmdk_open(int n, const TSK_TCHAR *const images[], unsigned int block_size)
{
	return ewf_open(n, images, block_size);
}
