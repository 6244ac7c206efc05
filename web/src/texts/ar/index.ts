import { conversation } from "@/texts/ar/conversation";
import { files } from "@/texts/ar/files";
import { frame } from "@/texts/ar/frame";
import { gallery, search } from "@/texts/ar/gallery";
import { shortcuts } from "@/texts/ar/shortcuts";
import type { texts as English } from "@/texts/en/index";

export const texts: typeof English = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
