import { conversation } from "@/texts/en/conversation";
import { files } from "@/texts/en/files";
import { frame } from "@/texts/en/frame";
import { gallery, search } from "@/texts/en/gallery";
import { shortcuts } from "@/texts/en/shortcuts";

export const texts = { ...frame, ...conversation, ...files, gallery, search, shortcuts };
