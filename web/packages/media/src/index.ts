/** The React components and hooks. Each can be taken alone; what is not used stays out of the page. */

export { english } from "./english";
export { MediaFrame } from "./frame/MediaFrame";
export type { GalleryFiles } from "./gallery/files";
export type { GalleryFilter, GalleryList, GalleryScope } from "./gallery/list";
export { MediaGallery } from "./gallery/MediaGallery";
export { MediaGalleryGrid } from "./gallery/MediaGalleryGrid";
export { MediaGalleryTable } from "./gallery/MediaGalleryTable";
export {
  changeFilter,
  changeSort,
  clearSelection,
  openAt,
  setSort,
  setView,
  useGallery,
} from "./gallery/store";
export { type MediaGalleryData, useMediaGallery, useMediaList } from "./gallery/useMediaGallery";
export {
  useMediaByConversation,
  useMediaByMessage,
  useMediaFile,
  type WatchedFile,
} from "./hooks";
export { MediaryProvider } from "./MediaryProvider";
export { type MediaOptions, type OwnTexts, provideMedia } from "./provide";
export type { Link, LinkRequest, MediaAccess } from "./server/access";
export { useAddress } from "./server/address";
export { ApiError } from "./server/client";
export { type FileReference, FileSource, type FileState } from "./server/fileSource";
export type { MediaServices } from "./server/services";
export type { MediaTexts } from "./texts";
export type { FileType, MediaFile, Page, Variant } from "./types";
export { AudioPlayer } from "./viewers/AudioPlayer";
export { DocumentCard } from "./viewers/DocumentCard";
export { FileDownloadButton } from "./viewers/FileDownloadButton";
export { ImageLightbox } from "./viewers/ImageLightbox";
export { LargeView } from "./viewers/LargeView";
export { MediaPlaceholder } from "./viewers/MediaPlaceholder";
export { MediaPreviewPopover } from "./viewers/MediaPreviewPopover";
export { MediaViewer } from "./viewers/MediaViewer";
export type { About, Neighbours } from "./viewers/neighbours";
export { stopAudio, toggleAudio, usePlayback, whenAudioEnds } from "./viewers/playback";
export { type MediaState, mediaState } from "./viewers/state";
export { useAbout } from "./viewers/useAbout";
export { useMediaDownload } from "./viewers/useMediaDownload";
export { useMediaElement } from "./viewers/useMediaElement";
export { useWaveform } from "./viewers/useWaveform";
export { useZoom } from "./viewers/useZoom";
export { VideoPlayer } from "./viewers/VideoPlayer";
export { WatchedMedia } from "./viewers/WatchedMedia";
