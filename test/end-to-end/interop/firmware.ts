/** Debian's firmware for QEMU's machines: the package qemu-system-x86 depends on seabios and ipxe-qemu. */
export const SEABIOS = "/usr/share/seabios/bios-256k.bin";
export const VGABIOS = "/usr/share/seabios/vgabios-stdvga.bin";
/** iPXE for the NE2000's PCI version. */
export const NE2000_ROM = "/usr/lib/ipxe/qemu/pxe-ne2k_pci.rom";

/** Debian's emulator of PCs. */
export const QEMU = "qemu-system-x86_64";
