import type { Texts } from "@/texts";
import { conversation } from "@/texts/es/conversation";
import { files } from "@/texts/es/files";
import { frame } from "@/texts/es/frame";
import { gallery, search } from "@/texts/es/gallery";
import { shortcuts } from "@/texts/es/shortcuts";

export const texts: Texts = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
