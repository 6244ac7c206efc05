import type { Texts } from "@/texts";
import { conversation } from "@/texts/ar/conversation";
import { files } from "@/texts/ar/files";
import { frame } from "@/texts/ar/frame";
import { gallery, search } from "@/texts/ar/gallery";
import { shortcuts } from "@/texts/ar/shortcuts";

export const texts: Texts = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
