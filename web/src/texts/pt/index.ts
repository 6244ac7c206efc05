import type { texts as English } from "@/texts/en/index";
import { conversation } from "@/texts/pt/conversation";
import { files } from "@/texts/pt/files";
import { frame } from "@/texts/pt/frame";
import { gallery, search } from "@/texts/pt/gallery";
import { shortcuts } from "@/texts/pt/shortcuts";

export const texts: typeof English = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
