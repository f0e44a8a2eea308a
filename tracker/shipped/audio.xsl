<?xml version="1.0" encoding="UTF-8"?>
<!-- A sound file from the cut master. The numbers are properties of the profile (Format.*). -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8"/>
  <xsl:variable name="p" select="/properties/property"/>
  <xsl:variable name="talk" select="concat($p[@name='Processing.Path.Tmp'], '/', $p[@name='Project.Slug'], '/', $p[@name='Fahrplan.ID'])"/>
  <xsl:variable name="out" select="concat($p[@name='Processing.Path.Output'], '/', $p[@name='EncodingProfile.Basename'], '.', $p[@name='EncodingProfile.Extension'])"/>
  <xsl:variable name="end" select="$p[@name='Record.Cutdiffseconds']"/>
  <xsl:variable name="delay" select="number(concat('0', translate($p[@name='Record.AVDelay'], '-', '')))"/>

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
          <xsl:call-template name="track"/>
          <option>-map_metadata</option><option>-1</option>
          <option>-c:a</option><option><xsl:value-of select="$p[@name='Format.Audio.Codec']"/></option>
          <xsl:if test="$p[@name='Format.Audio.Bitrate']"><option>-b:a</option><option><xsl:value-of select="$p[@name='Format.Audio.Bitrate']"/></option></xsl:if>
          <xsl:if test="$p[@name='Format.Audio.Channels']"><option>-ac</option><option><xsl:value-of select="$p[@name='Format.Audio.Channels']"/></option></xsl:if>
          <option>-ar</option><option>48000</option>
          <xsl:call-template name="metadata"/>
          <option filetype="out"><xsl:value-of select="$out"/></option>
        </task>
      </tasks>
    </job>
  </xsl:template>

  <!-- The first track of the sound. -->
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
  </xsl:template>

  <!-- Which channels, then Record.AVDelay, here in seconds: positive means that the sound is late, so it is moved
       forward; then the gain for Format.Audio.Loudness; as long as the talk -->
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
  </xsl:template>

  <xsl:template name="metadata">
    <option>-metadata</option><option>title=<xsl:value-of select="$p[@name='Fahrplan.Title']"/></option>
    <option>-metadata</option><option>artist=<xsl:value-of select="$p[@name='Fahrplan.Person_list']"/></option>
    <option>-metadata</option><option>album=<xsl:value-of select="$p[@name='Meta.Album']"/></option>
    <option>-metadata</option><option>copyright=<xsl:value-of select="$licence"/></option>
    <option>-metadata</option><option>date=<xsl:value-of select="$p[@name='Meta.Year']"/></option>
    <option>-metadata</option><option>language=<xsl:value-of select="$p[@name='Record.Language']"/></option>
  </xsl:template>
</xsl:stylesheet>
