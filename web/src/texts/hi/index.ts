import type { texts as English } from "@/texts/en/index";
import { conversation } from "@/texts/hi/conversation";
import { files } from "@/texts/hi/files";
import { frame } from "@/texts/hi/frame";
import { gallery, search } from "@/texts/hi/gallery";
import { shortcuts } from "@/texts/hi/shortcuts";

export const texts: typeof English = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
