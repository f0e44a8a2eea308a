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

  <!-- Slides around the talk, as the encoder made them, and how many seconds they last before and after it. -->
  <xsl:variable name="before" select="$p[starts-with(@name, 'Encoding.Lead.')]"/>
  <xsl:variable name="after" select="$p[starts-with(@name, 'Encoding.Trail.')]"/>
  <xsl:variable name="slides" select="$before | $after"/>
  <xsl:variable name="lead" select="number(concat('0', $p[@name='Encoding.LeadSeconds']))"/>
  <xsl:variable name="trail" select="number(concat('0', $p[@name='Encoding.TrailSeconds']))"/>

  <!-- The rate of the recording, and its parts. -->
  <xsl:variable name="recorded" select="$p[@name='Record.Framerate']"/>
  <xsl:variable name="num" select="number(substring-before(concat($recorded, '/'), '/'))"/>
  <xsl:variable name="den" select="number(substring-before(concat(substring-after(concat($recorded, '/1'), '/'), '/'), '/'))"/>

  <!-- The picture's shape if the recorder did not note it, like 16:9; pixels become square. -->
  <xsl:variable name="aspect" select="$p[@name='Processing.Video.AspectRatio']"/>

  <!-- The tracks of sound, as the encoder chose and measured them: stream, channels, gain in dB, language. -->
  <xsl:variable name="source" select="$p[@name='Record.Audio']"/>
  <xsl:variable name="loudness" select="$p[@name='Format.Audio.Loudness']"/>
  <xsl:variable name="gain" select="$p[@name='Encoding.Gain']"/>
  <xsl:variable name="tracks">
    <xsl:value-of select="$p[@name='Encoding.Tracks']"/>
    <xsl:if test="not($p[@name='Encoding.Tracks'])">
      <xsl:value-of select="concat('0:', substring-before(concat($source, '-'), '-'), ':')"/>
      <xsl:value-of select="substring-before(concat($gain, ' '), ' ')"/>
      <xsl:value-of select="concat(':', substring(concat($p[@name='Record.Language'], 'und'), 1, 3))"/>
    </xsl:if>
  </xsl:variable>

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
          <xsl:for-each select="$slides"><option>-i</option><option filetype="in"><xsl:value-of select="."/></option></xsl:for-each>
          <option>-map</option><option><xsl:choose><xsl:when test="$slides">[made]</xsl:when><xsl:otherwise>0:v:0</xsl:otherwise></xsl:choose></option>
          <xsl:call-template name="track"/>
          <option>-map_metadata</option><option>-1</option>
          <xsl:choose>
            <xsl:when test="$slides"><option>-filter_complex</option></xsl:when>
            <xsl:otherwise><option>-vf</option></xsl:otherwise>
          </xsl:choose>
          <option><xsl:call-template name="picture"/></option>
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

  <!-- The picture as it was recorded, with the slides around it if there are any; then its rate, shape and size. -->
  <xsl:template name="picture">
    <xsl:if test="$slides">
      <xsl:for-each select="$slides">[<xsl:value-of select="position()"/>:v:0]fps=<xsl:value-of select="$recorded"/>[slide<xsl:value-of select="position()"/>];</xsl:for-each>
      <xsl:text>[0:v:0]</xsl:text>
    </xsl:if>
    <xsl:call-template name="deinterlaced"/>
    <xsl:if test="$slides">
      <xsl:text>fps=</xsl:text><xsl:value-of select="$recorded"/><xsl:text>[talk];</xsl:text>
      <xsl:for-each select="$before">[slide<xsl:value-of select="position()"/>]</xsl:for-each>
      <xsl:text>[talk]</xsl:text>
      <xsl:for-each select="$after">[slide<xsl:value-of select="count($before) + position()"/>]</xsl:for-each>
      <xsl:text>concat=n=</xsl:text><xsl:value-of select="count($slides) + 1"/>
      <xsl:text>:v=1:a=0,settb=</xsl:text><xsl:value-of select="$den"/>/<xsl:value-of select="$num"/><xsl:text>,setpts=N,</xsl:text>
    </xsl:if>
    <xsl:text>fps=</xsl:text><xsl:call-template name="rate"/>
    <xsl:if test="$aspect">,setdar=<xsl:value-of select="translate($aspect, ':', '/')"/></xsl:if>
    <xsl:text>,scale=w='trunc(iw*if(gt(sar,0),sar,1)/2)*2':h=ih,setsar=1,scale=w='min(</xsl:text>
    <xsl:value-of select="$w"/>,iw)':h='min(<xsl:value-of select="$h"/>
    <xsl:text>,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,setsar=1</xsl:text>
    <xsl:if test="$slides">[made]</xsl:if>
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
    <xsl:variable name="most" select="number($p[@name='Format.Video.MaxFPS'])"/>
    <xsl:choose>
      <xsl:when test="$most &gt; 0 and $num div $den &gt; $most">
        <xsl:value-of select="$recorded"/>,framestep=<xsl:value-of select="ceiling($num div $den div $most)"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$recorded"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- One track of the sound, and those after it. -->
  <xsl:template name="track">
    <xsl:param name="rest" select="$tracks"/>
    <xsl:param name="number" select="0"/>
    <xsl:variable name="track" select="substring-before(concat($rest, ' '), ' ')"/>
    <xsl:variable name="channels" select="substring-after($track, ':')"/>
    <xsl:variable name="decibels" select="substring-after($channels, ':')"/>
    <option>-map</option><option>0:a:<xsl:value-of select="substring-before($track, ':')"/></option>
    <option>-filter:a:<xsl:value-of select="$number"/></option>
    <option>
      <xsl:call-template name="sound">
        <xsl:with-param name="channels" select="substring-before($channels, ':')"/>
        <xsl:with-param name="decibels" select="substring-before($decibels, ':')"/>
      </xsl:call-template>
    </option>
    <option>-metadata:s:a:<xsl:value-of select="$number"/></option>
    <option>language=<xsl:value-of select="substring-after($decibels, ':')"/></option>
      <xsl:if test="substring-after($rest, ' ')">
        <xsl:call-template name="track">
          <xsl:with-param name="rest" select="substring-after($rest, ' ')"/>
          <xsl:with-param name="number" select="$number + 1"/>
        </xsl:call-template>
      </xsl:if>
  </xsl:template>

  <!-- Which channels, then Record.AVDelay, here in seconds: positive means that the sound is late, so it is moved
       forward; then the gain for Format.Audio.Loudness; as long as the talk, silent under the slides -->
  <xsl:template name="sound">
    <xsl:param name="channels"/>
    <xsl:param name="decibels"/>
    <xsl:choose>
      <xsl:when test="$channels = 'left'">aformat=channel_layouts=stereo,pan=stereo|c0=c0|c1=c0,</xsl:when>
      <xsl:when test="$channels = 'right'">aformat=channel_layouts=stereo,pan=stereo|c0=c1|c1=c1,</xsl:when>
      <xsl:when test="$channels = 'mixed'">aformat=channel_layouts=stereo,pan=stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0+0.5*c1,</xsl:when>
    </xsl:choose>
    <xsl:choose>
      <xsl:when test="$delay = 0"/>
      <xsl:when test="starts-with($p[@name='Record.AVDelay'], '-')">adelay=delays=<xsl:value-of select="$delay * 1000"/>:all=1,</xsl:when>
      <xsl:otherwise>atrim=start=<xsl:value-of select="$delay"/>,asetpts=PTS-STARTPTS,</xsl:otherwise>
    </xsl:choose>
    <xsl:if test="$loudness and $decibels">volume=<xsl:value-of select="$decibels"/>dB,</xsl:if>
    <xsl:text>apad,atrim=end=</xsl:text>
    <xsl:value-of select="$end"/>
    <xsl:if test="$lead &gt; 0">,adelay=delays=<xsl:value-of select="$lead * 1000"/>:all=1</xsl:if>
    <xsl:if test="$lead + $trail &gt; 0">,apad,atrim=end=<xsl:value-of select="$lead + $end + $trail"/></xsl:if>
  </xsl:template>

  <xsl:template name="metadata">
    <option>-metadata</option><option>title=<xsl:value-of select="$p[@name='Fahrplan.Title']"/></option>
    <option>-metadata</option><option>artist=<xsl:value-of select="$p[@name='Fahrplan.Person_list']"/></option>
    <option>-metadata</option><option>album=<xsl:value-of select="$p[@name='Meta.Album']"/></option>
    <option>-metadata</option><option>copyright=<xsl:value-of select="$licence"/></option>
    <option>-metadata</option><option>date=<xsl:value-of select="$p[@name='Meta.Year']"/></option>
  </xsl:template>
</xsl:stylesheet>
