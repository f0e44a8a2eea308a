<?xml version="1.0" encoding="UTF-8"?>
<!-- A video file from the cut master. The numbers are properties of the profile (Format.*). -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8"/>
  <xsl:variable name="p" select="/properties/property"/>
  <xsl:variable name="talk" select="concat($p[@name='Processing.Path.Tmp'], '/', $p[@name='Project.Slug'], '/', $p[@name='Fahrplan.ID'])"/>
  <xsl:variable name="out" select="concat($p[@name='Processing.Path.Output'], '/', $p[@name='EncodingProfile.Basename'], '.', $p[@name='EncodingProfile.Extension'])"/>
  <xsl:variable name="end" select="$p[@name='Record.Cutdiffseconds']"/>
  <xsl:variable name="delay" select="number(concat('0', translate($p[@name='Record.AVDelay'], '-', '')))"/>
  <xsl:variable name="w" select="$p[@name='Format.Video.MaxWidth']"/>
  <xsl:variable name="h" select="$p[@name='Format.Video.MaxHeight']"/>

  <!-- The picture's shape if the recorder did not note it, like 16:9; pixels become square. -->
  <xsl:variable name="aspect" select="$p[@name='Processing.Video.AspectRatio']"/>

  <xsl:variable name="source" select="$p[@name='Record.Audio']"/>
  <xsl:variable name="loudness" select="$p[@name='Format.Audio.Loudness']"/>
  <xsl:variable name="gain" select="$p[@name='Encoding.Gain']"/>

  <!-- The licence of the talk if the Fahrplan names one, else that of the project. -->
  <xsl:variable name="own" select="$p[@name='Fahrplan.Recording.License']"/>
  <xsl:variable name="licence" select="$own | $p[@name='Meta.License'][not($own)]"/>

  <xsl:template match="/">
    <job>
      <tasks>
        <task type="encoding">
          <option filetype="exe">ffmpeg</option>
          <option>-i</option>
          <option filetype="in"><xsl:value-of select="$talk"/>/cut.mkv</option>
          <option>-map</option><option>0:v:0</option>
          <option>-map</option><option>0:a:0</option>
          <option>-map_metadata</option><option>-1</option>
          <option>-vf</option>
          <option><xsl:call-template name="deinterlaced"/>fps=<xsl:call-template name="rate"/>,<xsl:if test="$aspect">setdar=<xsl:value-of select="translate($aspect, ':', '/')"/>,</xsl:if>scale=w='trunc(iw*if(gt(sar,0),sar,1)/2)*2':h=ih,setsar=1,scale=w='min(<xsl:value-of select="$w"/>,iw)':h='min(<xsl:value-of select="$h"/>,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1</option>
          <option>-c:v</option><option><xsl:value-of select="$p[@name='Format.Video.Codec']"/></option>
          <xsl:if test="$p[@name='Format.Video.Preset']"><option>-preset</option><option><xsl:value-of select="$p[@name='Format.Video.Preset']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.Speed']"><option>-row-mt</option><option>1</option><option>-cpu-used</option><option><xsl:value-of select="$p[@name='Format.Video.Speed']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.Profile']"><option>-profile:v</option><option><xsl:value-of select="$p[@name='Format.Video.Profile']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.CRF']"><option>-crf</option><option><xsl:value-of select="$p[@name='Format.Video.CRF']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.Quality']"><option>-q:v</option><option><xsl:value-of select="$p[@name='Format.Video.Quality']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.Bitrate']"><option>-b:v</option><option><xsl:value-of select="$p[@name='Format.Video.Bitrate']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Video.MaxBitrate']">
            <option>-maxrate</option><option><xsl:value-of select="$p[@name='Format.Video.MaxBitrate']"/></option>
            <option>-bufsize</option><option><xsl:value-of select="$p[@name='Format.Video.MaxBitrate']"/></option>
          </xsl:if>
          <option>-pix_fmt</option><option>yuv420p</option>
          <option>-af</option>
          <option><xsl:call-template name="sound"/></option>
          <option>-c:a</option><option><xsl:value-of select="$p[@name='Format.Audio.Codec']"/></option>
          <xsl:if test="$p[@name='Format.Audio.Bitrate']"><option>-b:a</option><option><xsl:value-of select="$p[@name='Format.Audio.Bitrate']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Audio.Channels']"><option>-ac</option><option><xsl:value-of select="$p[@name='Format.Audio.Channels']"/></option></xsl:if>
          <option>-ar</option><option>48000</option>
          <xsl:call-template name="metadata"/>
          <xsl:if test="$p[@name='EncodingProfile.Extension'] = 'mp4'"><option>-movflags</option><option>+faststart</option></xsl:if>
          <!-- MP3 begins before zero; moved forward for it, the first picture of an AVI would be followed by a gap. -->
          <xsl:if test="$p[@name='EncodingProfile.Extension'] = 'avi'"><option>-avoid_negative_ts</option><option>disabled</option></xsl:if>
          <option filetype="out"><xsl:value-of select="$out"/></option>
        </task>
      </tasks>
    </job>
  </xsl:template>

  <!-- Record.Interlaced: 1, or which field comes first (tff, bff). -->
  <xsl:template name="deinterlaced">
    <xsl:variable name="fields" select="$p[@name='Record.Interlaced']"/>
    <xsl:choose>
      <xsl:when test="$fields = 'tff' or $fields = 'bff'">bwdif=mode=send_frame:parity=<xsl:value-of select="$fields"/>,</xsl:when>
      <xsl:when test="$fields = '1'">bwdif=mode=send_frame,</xsl:when>
    </xsl:choose>
  </xsl:template>

  <!-- The rate of the recording; divided by a whole number when the profile allows less (Format.Video.MaxFPS). -->
  <xsl:template name="rate">
    <xsl:variable name="rate" select="$p[@name='Record.Framerate']"/>
    <xsl:variable name="num" select="number(substring-before(concat($rate, '/'), '/'))"/>
    <xsl:variable name="den" select="number(substring-before(concat(substring-after(concat($rate, '/1'), '/'), '/'), '/'))"/>
    <xsl:variable name="most" select="number($p[@name='Format.Video.MaxFPS'])"/>
    <xsl:choose>
      <xsl:when test="$most &gt; 0 and $num div $den &gt; $most">
        <xsl:value-of select="$num"/>/<xsl:value-of select="$den * ceiling($num div $den div $most)"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$rate"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- Which channels (Record.Audio), then Record.AVDelay, here in seconds: positive means that the sound is late, so it
       is moved forward; then the gain the encoder measured (Format.Audio.Loudness) -->
  <xsl:template name="sound">
    <xsl:choose>
      <xsl:when test="$source = 'left'">aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0,</xsl:when>
      <xsl:when test="$source = 'right'">aformat=channel_layouts=stereo,pan=stereo|c0=c1|c1=c1,</xsl:when>
      <xsl:when test="$source = 'mixed'">aformat=channel_layouts=stereo,pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1,</xsl:when>
    </xsl:choose>
    <xsl:choose>
      <xsl:when test="$delay = 0"/>
      <xsl:when test="starts-with($p[@name='Record.AVDelay'], '-')">adelay=delays=<xsl:value-of select="$delay"/>s:all=1,</xsl:when>
      <xsl:otherwise>atrim=start=<xsl:value-of select="$delay"/>,asetpts=PTS-STARTPTS,</xsl:otherwise>
    </xsl:choose>
    <xsl:if test="$loudness and $gain">volume=<xsl:value-of select="$gain"/>dB,</xsl:if>
    <xsl:text>apad,atrim=end=</xsl:text>
    <xsl:value-of select="$end"/>
  </xsl:template>

  <xsl:template name="metadata">
    <option>-metadata</option><option>title=<xsl:value-of select="$p[@name='Fahrplan.Title']"/></option>
    <option>-metadata</option><option>artist=<xsl:value-of select="$p[@name='Fahrplan.Person_list']"/></option>
    <option>-metadata</option><option>album=<xsl:value-of select="$p[@name='Meta.Album']"/></option>
    <option>-metadata</option><option>copyright=<xsl:value-of select="$licence"/></option>
    <option>-metadata</option><option>date=<xsl:value-of select="$p[@name='Meta.Year']"/></option>
    <option>-metadata:s:a:0</option><option>language=<xsl:value-of select="substring(concat($p[@name='Record.Language'], 'und'), 1, 3)"/></option>
  </xsl:template>
</xsl:stylesheet>
