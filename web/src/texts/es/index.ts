import type { texts as English } from "@/texts/en/index";
import { conversation } from "@/texts/es/conversation";
import { files } from "@/texts/es/files";
import { frame } from "@/texts/es/frame";
import { gallery, search } from "@/texts/es/gallery";
import { shortcuts } from "@/texts/es/shortcuts";

export const texts: typeof English = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
